import { largestOf, smallestOf } from '../bytes/extremes.ts';
import type { NamedFeature } from './dataset-stats.ts';
import type { ValueCount } from './distinct-values.ts';
import { bucketStart, type Spread } from './log2.ts';
import type { ExponentCount, SignedLog2 } from './signed-log2.ts';
import { bytesText, countText, numberText, powerText, rangeText } from './words.ts';

/** A column of a histogram. */
export interface Column {
  readonly count: number;
  /** Where it begins, as the axis says it. */
  readonly start: string;
  /** What it holds, in words. */
  readonly label: string;
}

/** Powers of two on each side of zero. */
const MAX_EXPONENTS = 10;
const MAX_LINEAR = 24;

/** Columns of a spread, from its first to its last power of two that is not empty. */
export function spreadColumns({ log2 }: Spread, text: (value: number) => string = countText): Column[] {
  const first = log2.findIndex((count) => count > 0);
  return log2.slice(first).map((count, i) => {
    const start = text(bucketStart(first + i));
    const end = text(bucketStart(first + i + 1) - (first + i < 10 ? 1 : 0));
    return { count, start, label: first + i < 2 ? start : `${start} to ${end}` };
  });
}

/** Columns of sizes in bytes. */
export function sizeColumns(spread: Spread): Column[] {
  return spreadColumns(spread, bytesText);
}

/** Columns of signed numbers: from large negative ones over zero to large positive ones. What is far smaller than the largest is one column, around zero. */
export function signedColumns({ negative, zeros, positive }: SignedLog2): Column[] {
  const most = largestOf([...negative, ...positive].map(([exponent]) => exponent));
  const least = most - MAX_EXPONENTS + 1;
  const large = (counts: readonly ExponentCount[]): ExponentCount[] =>
    filled(counts.filter(([exponent]) => exponent >= least));
  const small = (counts: readonly ExponentCount[]): number =>
    counts.reduce((sum, [exponent, count]) => sum + (exponent < least ? count : 0), 0);
  const below = small(negative);
  const above = small(positive);
  const edge = powerText(least);
  const around =
    below + above === 0 ? 'zero' : `${below > 0 ? `-${edge}` : '0'} to ${above > 0 ? edge : '0'}`;
  const hasZero = zeros + below + above > 0 || (negative.length > 0 && positive.length > 0);
  return [
    ...large(negative)
      .reverse()
      .map(([exponent, count]) => ({
        count,
        start: `-${powerText(exponent + 1)}`,
        label: `-${powerText(exponent + 1)} to -${powerText(exponent)}`,
      })),
    ...(hasZero
      ? [{ count: zeros + below + above, start: below > 0 ? `-${edge}` : '0', label: around }]
      : []),
    ...large(positive).map(([exponent, count]) => ({
      count,
      start: powerText(exponent),
      label: `${powerText(exponent)} to ${powerText(exponent + 1)}`,
    })),
  ];
}

/** Columns of one width, of integers that are all known. */
function linearColumns(distinct: readonly ValueCount[]): Column[] {
  const values = distinct.map(({ value }) => value as number);
  const [min, max] = [smallestOf(values), largestOf(values)];
  const width = Math.ceil((max - min + 1) / MAX_LINEAR);
  const counts: number[] = Array(Math.floor((max - min) / width) + 1).fill(0);
  for (const { value, count } of distinct) counts[Math.floor(((value as number) - min) / width)] += count;
  return counts.map((count, i) => {
    const start = min + i * width;
    const end = Math.min(max, start + width - 1);
    return { count, start: numberText(start), label: rangeText(start, end) };
  });
}

/** What the values of a feature look like: columns, or none where there is nothing to see. */
export function valueColumns({ int64, float, bytes }: NamedFeature): Column[] {
  if (int64 !== undefined) {
    const { distinct } = int64;
    const known = distinct?.every(({ value }) => typeof value === 'number');
    return known ? linearColumns(distinct!) : signedColumns(int64.log2);
  }
  if (float !== undefined) return signedColumns(float.log2);
  return bytes === undefined ? [] : sizeColumns(bytes.length);
}

/** With the exponents between that do not occur. */
function filled(counts: readonly ExponentCount[]): ExponentCount[] {
  if (counts.length === 0) return [];
  const known = new Map(counts);
  const first = counts[0][0];
  const last = counts[counts.length - 1][0];
  return Array.from({ length: last - first + 1 }, (_, i) => [first + i, known.get(first + i) ?? 0]);
}
