import { IMAGE_KINDS, type ImageHeader } from '../../messages/image-header.ts';
import { typesOf } from '../schema/infer-schema.ts';
import { BytesCounter, type BytesStats, mergeBytes } from './bytes-stats.ts';
import type { NamedFeature } from './dataset-stats.ts';
import { DistinctCounter, type ValueCount } from './distinct-values.ts';
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
import { type FieldValue, sendValues } from './record-content.ts';
import { BYTES, FLOAT, INT64, NONE, type RecordOutline, type ValueSink } from './record-outline.ts';
import { bytesText, countText, numberOf, numberText, rangeText, shareText } from './text.ts';

/** What is known of a feature, in words. */
export interface FeatureFacts {
  readonly name: string;
  /** Its types, the most frequent first: several break the rules of example.proto. */
  readonly types: readonly string[];
  /** Records that have it, of all. */
  readonly share: number;
  readonly present: string;
  /** Values per list, and of a feature list steps per record. */
  readonly lengths: string;
  /** What the values are. */
  readonly values: string;
}

/**
 * What statistics say of a feature, in words for people, who need not know how they are kept.
 *
 * @param records all records that could have the feature
 * @example
 * ```ts
 * import { featureFacts } from 'recordpipe/check';
 * const { present, lengths } = featureFacts({ name: 'label', records: 1, kinds: {} }, 2);
 * console.log(present, lengths); // 50 % none
 * ```
 */
export function featureFacts(feature: NamedFeature, records: number): FeatureFacts {
  const types = typesOf(feature).map(({ type }) => type as string);
  return {
    name: feature.name,
    types,
    share: records === 0 ? 0 : feature.records / records,
    present: shareText(feature.records, records),
    lengths: lengthsText(feature),
    values: valuesText(feature),
  };
}

function lengthsText({ length, steps }: NamedFeature): string {
  const values = length === undefined ? 'none' : rangeText(length.min, length.max);
  return steps === undefined ? values : `${rangeText(steps.min, steps.max)} steps of ${values}`;
}

function valuesText({ int64, float, bytes, kinds }: NamedFeature): string {
  const parts: string[] = [];
  if (int64 !== undefined) {
    const several = int64.distinct === null ? '' : `, ${countText(int64.distinct.length)} distinct`;
    parts.push(
      int64.min === int64.max
        ? `always ${rangeText(int64.min, int64.max)}`
        : `${rangeText(int64.min, int64.max)}${several}`,
    );
  }
  if (float !== undefined) parts.push(floatText(float));
  if (bytes !== undefined) parts.push(bytesFacts(bytes));
  if (kinds.none !== undefined) parts.push(`${countText(kinds.none.count)} without a list`);
  return parts.join('; ');
}

function floatText({
  min,
  max,
  nan,
  positiveInfinity,
  negativeInfinity,
  values,
  distinct,
}: FloatStats): string {
  const parts = min === null || max === null ? [] : [rangeText(min, max)];
  if (distinct && distinct.length > 1) parts.push(`${countText(distinct.length)} distinct`);
  if (nan > 0) parts.push(`${shareText(nan, values)} NaN`);
  const infinite = positiveInfinity + negativeInfinity;
  if (infinite > 0) parts.push(`${shareText(infinite, values)} infinite`);
  return parts.join(', ');
}

function bytesFacts({ values, length, text, images, distinct }: BytesStats): string {
  const kinds = IMAGE_KINDS.filter((kind) => images[kind] !== undefined);
  const size = rangeText(length.min, length.max, bytesText);
  if (kinds.length === 0) {
    const what = text === values ? 'text' : text === 0 ? 'binary' : `text ${shareText(text, values)}`;
    const only = distinct?.length === 1 ? `, always ${labelText(distinct[0], text === values)}` : '';
    const several = distinct === null || only !== '' ? '' : `, ${countText(distinct.length)} distinct`;
    return `${what}${only || several}, ${size}`;
  }
  const found = kinds.map((kind) => {
    const count = images[kind]!.values;
    return count === values ? kind : `${kind} ${shareText(count, values)}`;
  });
  const widths = kinds.map((kind) => images[kind]!.width).reduce(mergeSpreads);
  const heights = kinds.map((kind) => images[kind]!.height).reduce(mergeSpreads);
  const pixels = widths && heights ? `, ${spanText(widths)} × ${spanText(heights)} pixels` : '';
  const total = kinds.reduce((sum, kind) => sum + images[kind]!.values, 0);
  const others = total === values ? '' : `, ${numberOf(values - total, 'other')}`;
  return `${found.join(', ')}${others}${pixels}, ${size}`;
}

/** A value of a feature in words: texts in quotes, and bytes that are not text as base64, which says so. */
export function labelText({ value, base64 }: ValueCount, isText = true): string {
  if (base64) return `base64 ${value}`;
  if (typeof value === 'number') return numberText(value);
  return isText ? JSON.stringify(value) : `base64 ${Buffer.from(value).toString('base64')}`;
}

function spanText({ min, max }: { min: number; max: number }): string {
  return min === max ? `${min}` : `${min}–${max}`;
}

/**
 * Type of a feature's list. `none` means that the feature exists without a list. Examples do not have `float64` and `int32`,
 * which are types of tensors in other messages; their values are counted in `float` and `int64`.
 */
export type FeatureKind = 'int64' | 'float' | 'bytes' | 'float64' | 'int32' | 'none';

export const KINDS: readonly FeatureKind[] = ['int64', 'float', 'bytes', 'float64', 'int32', 'none'];
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

/** Called for each image, which lies at [from, to) of the bytes. */
export type OnImage = (header: ImageHeader, bytes: Uint8Array, from: number, to: number) => void;

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
  #float64: Float64Counter | undefined;
  #labels: DistinctCounter | undefined;
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
    this.#begin(KIND_OF[kind], place, onImage);
    if (kind === NONE) return;
    outline.values(kind, firstSpan, spans, this);
    this.#length.add(this.#values);
  }

  /** Takes in the values of a message that is not an Example. @param isLabel whether floats are counted one by one */
  addField(
    field: FieldValue,
    place: () => RecordPlace,
    onImage: OnImage | undefined,
    isLabel: boolean,
  ): void {
    this.#begin(field.kind, place, onImage);
    if (field.kind === 'none') return;
    sendValues(field, this);
    this.#length.add(this.#values);
    if (!isLabel || (field.kind !== 'float' && field.kind !== 'float64')) return;
    this.#labels ??= new DistinctCounter();
    for (const value of field.value)
      if (Number.isFinite(value)) this.#labels.number(field.kind === 'float' ? shortFloat(value) : value);
  }

  #begin(kind: FeatureKind, place: () => RecordPlace, onImage: OnImage | undefined): void {
    const known = this.#kinds[kind];
    if (known === undefined) this.#kinds[kind] = { count: 1, first: place() };
    else known.count++;
    this.#values = 0;
    this.#onImage = onImage;
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
    if (header !== undefined) this.#onImage?.(header, bytes, from, to);
  }

  float64(value: number): void {
    this.#float64 ??= new Float64Counter();
    this.#values++;
    this.#float64.add(value);
  }

  stats(): FeatureStats {
    const kinds: { [kind in FeatureKind]?: KindStats } = {};
    for (const kind of KINDS) if (this.#kinds[kind] !== undefined) kinds[kind] = { ...this.#kinds[kind] };
    return complete(this.#records, kinds, {
      length: this.#length.spread(),
      int64: this.#int64?.stats(),
      float: this.#floats(),
      bytes: this.#bytes?.stats(),
      steps: this.#steps?.spread(),
    });
  }

  #floats(): FloatStats | undefined {
    const floats = both(this.#float?.stats(), this.#float64?.stats(), mergeFloat);
    return floats && this.#labels ? { ...floats, distinct: this.#labels.values(false) } : floats;
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
