import { IMAGE_KINDS } from '../../messages/image-header.ts';
import type { BytesStats } from './bytes-stats.ts';
import type { ValueCount } from './distinct-values.ts';
import { type NamedFeature, typesOf } from './feature-stats.ts';
import { mergeSpreads } from './log2.ts';
import type { FloatStats } from './number-stats.ts';
import { bytesText, countText, numberOf, numberText, rangeText, shareText } from './words.ts';

/** Description of the statistics of a feature in words. */
export interface FeatureFacts {
  /** Name of the feature. */
  readonly name: string;
  /**
   * Types of the feature, in descending order of frequency. More than one type violates the rules
   * of example.proto.
   */
  readonly types: readonly string[];
  /** Share of the records that have the feature, from 0 to 1. */
  readonly share: number;
  /** The same share as text, such as `50 %`. */
  readonly present: string;
  /** Number of values per list and, for a feature list, of steps per record. */
  readonly lengths: string;
  /** Range and kind of the values. */
  readonly values: string;
}

/**
 * Describes the statistics of a feature.
 *
 * @param records number of records that could have the feature
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

/** Formats a value of a feature: text in quotes, and bytes that are not text as base64. */
function labelText({ value, base64 }: ValueCount, isText = true): string {
  if (base64) return `base64 ${value}`;
  if (typeof value === 'number') return numberText(value);
  return isText ? JSON.stringify(value) : `base64 ${Buffer.from(value).toString('base64')}`;
}

function spanText({ min, max }: { min: number; max: number }): string {
  return min === max ? `${min}` : `${min}–${max}`;
}
