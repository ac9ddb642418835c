import { BytesCounter, type BytesStats, mergeBytes } from './bytes-stats.ts';
import type { ImageHeader } from './image-header.ts';
import { mergeSpreads, type Spread, SpreadCounter } from './log2.ts';
import {
  FloatCounter,
  type FloatStats,
  Int64Counter,
  type Int64Stats,
  mergeFloat,
  mergeInt64,
} from './number-stats.ts';
import { BYTES, FLOAT, INT64, NONE, type RecordOutline, type ValueSink } from './record-outline.ts';

/** What a feature holds. `none`: a feature is there, its list is not. */
export type FeatureKind = 'int64' | 'float' | 'bytes' | 'none';

export const KINDS: readonly FeatureKind[] = ['int64', 'float', 'bytes', 'none'];
const KIND_OF: Record<number, FeatureKind> = {
  [NONE]: 'none',
  [BYTES]: 'bytes',
  [FLOAT]: 'float',
  [INT64]: 'int64',
};

/** A record of a file. */
export interface RecordPlace {
  readonly uri: string;
  readonly record: number;
  readonly offset: number;
}

/** How often a kind is there, and the first place, by file name and record, where it is. */
export interface KindStats {
  readonly count: number;
  readonly first: RecordPlace;
}

/** The values of a feature, over all records. */
export interface FeatureStats {
  /** Records that have the feature. */
  readonly records: number;
  /** Kinds of its lists, one per record; of a feature list, one per step. */
  readonly kinds: { readonly [kind in FeatureKind]?: KindStats };
  /** Values per list; missing where no list has a kind. */
  readonly length?: Spread;
  readonly int64?: Int64Stats;
  readonly float?: FloatStats;
  readonly bytes?: BytesStats;
  /** Of a feature list: steps per record. */
  readonly steps?: Spread;
}

/** Told of each image: the bytes are those of the record. */
export type OnImage = (header: ImageHeader, from: number, to: number) => void;

/** Takes in a feature, record by record. */
export class FeatureCounter implements ValueSink {
  readonly name: string;
  /** Index of the last record that had it, to know repeated ones. */
  lastRecord = -1;
  #records = 0;
  readonly #kinds: { [kind in FeatureKind]?: { count: number; first: RecordPlace } } = {};
  readonly #length = new SpreadCounter();
  #steps: SpreadCounter | undefined;
  #int64: Int64Counter | undefined;
  #float: FloatCounter | undefined;
  #bytes: BytesCounter | undefined;
  #values = 0;
  #onImage: OnImage | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** The record has the feature. */
  seen(): void {
    this.#records++;
  }

  addSteps(steps: number): void {
    this.#steps ??= new SpreadCounter();
    this.#steps.add(steps);
  }

  /** Takes in one list. @param place made where it is wanted */
  add(
    outline: RecordOutline,
    kind: number,
    firstSpan: number,
    spans: number,
    place: () => RecordPlace,
    onImage: OnImage | undefined,
  ): void {
    const name = KIND_OF[kind];
    const known = this.#kinds[name];
    if (known === undefined) this.#kinds[name] = { count: 1, first: place() };
    else known.count++;
    if (kind === NONE) return;
    this.#values = 0;
    this.#onImage = onImage;
    outline.values(kind, firstSpan, spans, this);
    this.#length.add(this.#values);
  }

  int64(high: number, low: number): void {
    this.#int64 ??= new Int64Counter();
    this.#values++;
    this.#int64.add(high, low);
  }

  floats(bytes: Uint8Array, from: number, to: number): void {
    this.#float ??= new FloatCounter();
    this.#values += (to - from) >>> 2;
    this.#float.add(bytes, from, to);
  }

  value(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes ??= new BytesCounter();
    this.#values++;
    const header = this.#bytes.add(bytes, from, to);
    if (header !== undefined) this.#onImage?.(header, from, to);
  }

  stats(): FeatureStats {
    const kinds: { [kind in FeatureKind]?: KindStats } = {};
    for (const kind of KINDS) if (this.#kinds[kind] !== undefined) kinds[kind] = { ...this.#kinds[kind] };
    return complete(this.#records, kinds, {
      length: this.#length.spread(),
      int64: this.#int64?.stats(),
      float: this.#float?.stats(),
      bytes: this.#bytes?.stats(),
      steps: this.#steps?.spread(),
    });
  }
}

/** What is known of the feature from both. */
export function mergeFeatures(a: FeatureStats, b: FeatureStats): FeatureStats {
  const kinds: { [kind in FeatureKind]?: KindStats } = {};
  for (const kind of KINDS) {
    const merged = both(a.kinds[kind], b.kinds[kind], mergeKinds);
    if (merged !== undefined) kinds[kind] = merged;
  }
  return complete(a.records + b.records, kinds, {
    length: mergeSpreads(a.length, b.length),
    int64: both(a.int64, b.int64, mergeInt64),
    float: both(a.float, b.float, mergeFloat),
    bytes: both(a.bytes, b.bytes, mergeBytes),
    steps: mergeSpreads(a.steps, b.steps),
  });
}

type Parts = {
  readonly [K in 'length' | 'int64' | 'float' | 'bytes' | 'steps']: FeatureStats[K] | undefined;
};

/** Without the parts that there are not, and always in one order: documents are compared byte for byte. */
function complete(
  records: number,
  kinds: FeatureStats['kinds'],
  { length, int64, float, bytes, steps }: Parts,
): FeatureStats {
  return {
    records,
    kinds,
    ...(steps && { steps }),
    ...(length && { length }),
    ...(int64 && { int64 }),
    ...(float && { float }),
    ...(bytes && { bytes }),
  };
}

export function both<T>(a: T | undefined, b: T | undefined, merge: (a: T, b: T) => T): T | undefined {
  return a === undefined || b === undefined ? (a ?? b) : merge(a, b);
}

function mergeKinds(a: KindStats, b: KindStats): KindStats {
  return { count: a.count + b.count, first: comparePlaces(a.first, b.first) <= 0 ? a.first : b.first };
}

/** By name of the file, then by place in it. */
export function comparePlaces(a: RecordPlace, b: RecordPlace): number {
  return compareTexts(a.uri, b.uri) || a.record - b.record || a.offset - b.offset;
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
