import type { NamedFeature } from './dataset-stats.ts';
import { bucketStart, type Spread } from './log2.ts';
import type { ExponentCount, SignedLog2 } from './signed-log2.ts';
import { bytesText, countText, powerText } from './words.ts';

/** A column of a histogram. */
export interface Column {
  readonly count: number;
  /** Where it begins, as the axis says it. */
  readonly start: string;
  /** What it holds, in words. */
  readonly label: string;
}

const MOST_COLUMNS = 40;

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

/** Columns of signed numbers: from large negative ones over zero to large positive ones. */
export function signedColumns({ negative, zeros, positive }: SignedLog2): Column[] {
  const columns = [
    ...filled(negative)
      .reverse()
      .map(([exponent, count]) => ({
        count,
        start: `-${powerText(exponent)}`,
        label: `-${powerText(exponent + 1)} to -${powerText(exponent)}`,
      })),
    ...(zeros > 0 || (negative.length > 0 && positive.length > 0)
      ? [{ count: zeros, start: '0', label: 'zero' }]
      : []),
    ...filled(positive).map(([exponent, count]) => ({
      count,
      start: powerText(exponent),
      label: `${powerText(exponent)} to ${powerText(exponent + 1)}`,
    })),
  ];
  return joined(columns);
}

/** What the values of a feature look like: columns, or none where there is nothing to see. */
export function valueColumns({ int64, float, bytes }: NamedFeature): Column[] {
  if (int64 !== undefined) return signedColumns(int64.log2);
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

/** Neighbours are put together until there are few enough to be seen. */
function joined(columns: Column[]): Column[] {
  const each = Math.ceil(columns.length / MOST_COLUMNS);
  if (each <= 1) return columns;
  const found: Column[] = [];
  for (let i = 0; i < columns.length; i += each) {
    const part = columns.slice(i, i + each);
    const [one, other] = [part[0], part[part.length - 1]];
    found.push({
      count: part.reduce((sum, { count }) => sum + count, 0),
      start: one.start,
      label: part.length === 1 ? one.label : `${one.start} to ${other.label.split(' to ').at(-1)}`,
    });
  }
  return found;
}
