import type { FeatureIndex } from '../../messages/example/feature-index.ts';
import { BYTES, FLOAT, INT64, NONE } from '../../messages/example/list-cursor.ts';
import type { ImageHeader } from '../../messages/image-header.ts';
import { BytesCounter, type BytesStats, mergeBytes } from './bytes-stats.ts';
import { DistinctCounter } from './distinct-values.ts';
import { mergeSpreads, type Spread, SpreadCounter } from './log2.ts';
import {
  Float64Counter,
  FloatCounter,
  type FloatStats,
  Int64Counter,
  type Int64Stats,
  mergeFloat,
  mergeInt64,
  shortFloat,
} from './number-stats.ts';
import { type FieldSink, type FieldValue, sendField } from './record-content.ts';

/**
 * Type of a feature's list. `none` means that the feature exists without a list. `float64` and
 * `int32` do not occur in Examples; they are types of tensors in other messages, and their values
 * are counted in `float` and `int64`.
 */
export type FeatureKind = 'int64' | 'float' | 'bytes' | 'float64' | 'int32' | 'none';

const VALUE_KINDS: readonly ValueKind[] = ['int64', 'float', 'bytes', 'float64', 'int32'];
export const KINDS: readonly FeatureKind[] = [...VALUE_KINDS, 'none'];
const KIND_OF: Record<number, FeatureKind> = {
  [NONE]: 'none',
  [BYTES]: 'bytes',
  [FLOAT]: 'float',
  [INT64]: 'int64',
};

/** Kind of values that a feature can contain. */
export type ValueKind = Exclude<FeatureKind, 'none'>;

/** Position of a record in a file. */
export interface RecordPlace {
  /** Path or address of the file. */
  readonly uri: string;
  /** Zero-based index of the record. */
  readonly record: number;
  /** Zero-based offset of the record's first byte, in the uncompressed bytes. */
  readonly offset: number;
}

/** Number of occurrences of a kind, and the first occurrence in order of file name and record. */
export interface KindStats {
  /** Number of occurrences. */
  readonly count: number;
  /** First occurrence. */
  readonly first: RecordPlace;
}

/** Statistics of the values of a feature over all records. */
export interface FeatureStats {
  /** Number of records that have the feature. */
  readonly records: number;
  /**
   * Kinds of value lists that the feature has. A feature counts once per record, and a feature list
   * counts once per step.
   */
  readonly kinds: { readonly [kind in FeatureKind]?: KindStats };
  /** Number of values per list; missing if all lists are of kind `none`. */
  readonly length?: Spread;
  /** Statistics for the integer values; missing if there are no such values. */
  readonly int64?: Int64Stats;
  /** Statistics for the float values; missing if there are no such values. */
  readonly float?: FloatStats;
  /** Statistics for the byte string values; missing if there are no such values. */
  readonly bytes?: BytesStats;
  /** Number of steps per record of a feature list. */
  readonly steps?: Spread;
}

/** A feature and its statistics. */
export interface NamedFeature extends FeatureStats {
  /** Name of the feature. */
  readonly name: string;
}

/** Returns the types of a feature, in descending order of frequency. */
export function typesOf({ kinds }: FeatureStats): { type: ValueKind; count: number; first: RecordPlace }[] {
  return VALUE_KINDS.flatMap((type) => (kinds[type] === undefined ? [] : [{ type, ...kinds[type] }])).sort(
    (a, b) => b.count - a.count,
  );
}

/** Called for each image, which is at [from, to) of the bytes. */
export type OnImage = (header: ImageHeader, bytes: Uint8Array, from: number, to: number) => void;

/** The record that is being counted. */
export interface CurrentRecord {
  /** Number of its file. */
  readonly file: number;
  place(): RecordPlace;
}

/** A kind with its first occurrence, and the last file in which it occurred. */
type KindCount = { count: number; first: RecordPlace; file: number };

/**
 * Collects the statistics of a feature, record by record. The result for several files equals that
 * of merging the results for each of them.
 */
export class FeatureCounter implements FieldSink {
  readonly name: string;
  /** Number of the last record that contained the feature, used to detect repeated names. */
  lastRecord = -1;
  #records = 0;
  readonly #kinds: { [kind in FeatureKind]?: KindCount } = {};
  readonly #length = new SpreadCounter();
  #steps: SpreadCounter | undefined;
  #int64: Int64Counter | undefined;
  #float: FloatCounter | undefined;
  #float64: Float64Counter | undefined;
  #labels: DistinctCounter | undefined;
  #bytes: BytesCounter | undefined;
  #values = 0;
  #onImage: OnImage | undefined;
  /** Number of the last file that contained the feature. */
  #file = -1;
  /** Whether that file has floats, and whether it has labels. */
  #hasFloats = false;
  #hasLabels = false;
  /** Whether any file has floats that are labels, and floats without labels. */
  #labeled = false;
  #unlabeled = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Counts a record that has the feature. */
  seen(): void {
    this.#records++;
  }

  addSteps(steps: number): void {
    this.#steps ??= new SpreadCounter();
    this.#steps.add(steps);
  }

  /** Adds one list. */
  add(index: FeatureIndex, feature: number, here: CurrentRecord, onImage: OnImage | undefined): void {
    const kind = index.kind(feature);
    this.#begin(KIND_OF[kind], here, onImage);
    if (kind === NONE) return;
    index.send(feature, this);
    this.#length.add(this.#values);
  }

  /**
   * Adds the values of a field of a record that is not an Example.
   *
   * @param isLabel whether to count distinct floats
   */
  addField(field: FieldValue, here: CurrentRecord, onImage: OnImage | undefined, isLabel: boolean): void {
    this.#begin(field.kind, here, onImage);
    if (field.kind === 'none') return;
    sendField(field, this);
    this.#length.add(this.#values);
    if (!isLabel || (field.kind !== 'float' && field.kind !== 'float64')) return;
    this.#labels ??= new DistinctCounter();
    this.#hasLabels = true;
    for (const value of field.value)
      if (Number.isFinite(value)) this.#labels.number(field.kind === 'float' ? shortFloat(value) : value);
  }

  #begin(kind: FeatureKind, here: CurrentRecord, onImage: OnImage | undefined): void {
    const { file } = here;
    if (file !== this.#file) {
      this.#endFile();
      this.#file = file;
    }
    const known = this.#kinds[kind];
    if (known === undefined) this.#kinds[kind] = { count: 1, first: here.place(), file };
    else {
      known.count++;
      if (known.file !== file) {
        known.file = file;
        const place = here.place();
        if (comparePlaces(place, known.first) < 0) known.first = place;
      }
    }
    this.#values = 0;
    this.#onImage = onImage;
  }

  #endFile(): void {
    if (this.#hasFloats && this.#hasLabels) this.#labeled = true;
    else if (this.#hasFloats) this.#unlabeled = true;
    this.#hasFloats = false;
    this.#hasLabels = false;
  }

  int64(high: number, low: number): void {
    this.#int64 ??= new Int64Counter();
    this.#values++;
    this.#int64.add(high, low);
  }

  floats(bytes: Uint8Array, from: number, to: number): void {
    this.#float ??= new FloatCounter();
    this.#values += (to - from) >>> 2;
    if (to > from) this.#hasFloats = true;
    this.#float.add(bytes, from, to);
  }

  value(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes ??= new BytesCounter();
    this.#values++;
    const header = this.#bytes.add(bytes, from, to);
    if (header !== undefined) this.#onImage?.(header, bytes, from, to);
  }

  float64(value: number): void {
    this.#float64 ??= new Float64Counter();
    this.#values++;
    this.#hasFloats = true;
    this.#float64.add(value);
  }

  stats(): FeatureStats {
    const kinds: { [kind in FeatureKind]?: KindStats } = {};
    for (const kind of KINDS) {
      const known = this.#kinds[kind];
      if (known !== undefined) kinds[kind] = { count: known.count, first: known.first };
    }
    return complete(this.#records, kinds, {
      length: this.#length.spread(),
      int64: this.#int64?.stats(),
      float: this.#floats(),
      bytes: this.#bytes?.stats(),
      steps: this.#steps?.spread(),
    });
  }

  #floats(): FloatStats | undefined {
    this.#endFile();
    const floats = both(this.#float?.stats(), this.#float64?.stats(), mergeFloat);
    if (floats === undefined || !this.#labeled) return floats;
    return { ...floats, distinct: this.#unlabeled ? null : this.#labels!.values(false) };
  }
}

/** Merges the statistics of a feature over two sets of records. */
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

/**
 * Omits missing parts and keeps a fixed order of keys, because documents are compared byte for
 * byte.
 */
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

/** Compares places by file, then by position in the file. */
export function comparePlaces(a: RecordPlace, b: RecordPlace): number {
  return compareTexts(a.uri, b.uri) || a.record - b.record || a.offset - b.offset;
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
