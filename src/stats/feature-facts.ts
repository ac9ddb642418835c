import type { BytesStats } from './bytes-stats.ts';
import type { NamedFeature } from './dataset-stats.ts';
import { IMAGE_KINDS } from './image-header.ts';
import { typesOf } from './infer-schema.ts';
import { mergeSpreads } from './log2.ts';
import type { FloatStats } from './number-stats.ts';
import { bytesText, countText, numberOf, rangeText, shareText } from './words.ts';

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
 * import { featureFacts } from 'recordpipe/stats';
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
    const different = int64.distinct === null ? '' : `, ${countText(int64.distinct.length)} different`;
    parts.push(
      int64.min === int64.max
        ? `always ${rangeText(int64.min, int64.max)}`
        : `${rangeText(int64.min, int64.max)}${different}`,
    );
  }
  if (float !== undefined) parts.push(floatText(float));
  if (bytes !== undefined) parts.push(bytesFacts(bytes));
  if (kinds.none !== undefined) parts.push(`${countText(kinds.none.count)} without a list`);
  return parts.join('; ');
}

function floatText({ min, max, nan, positiveInfinity, negativeInfinity, values }: FloatStats): string {
  const parts = min === null || max === null ? [] : [rangeText(min, max)];
  if (nan > 0) parts.push(`${shareText(nan, values)} NaN`);
  const infinite = positiveInfinity + negativeInfinity;
  if (infinite > 0) parts.push(`${shareText(infinite, values)} infinite`);
  return parts.join(', ');
}

function bytesFacts({ values, length, utf8, images, distinct }: BytesStats): string {
  const kinds = IMAGE_KINDS.filter((kind) => images[kind] !== undefined);
  const size = rangeText(length.min, length.max, bytesText);
  if (kinds.length === 0) {
    const what = utf8 === values ? 'text' : utf8 === 0 ? 'binary' : `text ${shareText(utf8, values)}`;
    const different = distinct === null ? '' : `, ${countText(distinct.length)} different`;
    return `${what}${different}, ${size}`;
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

function spanText({ min, max }: { min: number; max: number }): string {
  return min === max ? `${min}` : `${min}–${max}`;
}
