/**
 * Counts by power of two. Index 0 is the number of zeros. Index k is the number of values that are
 * at least 2^(k-1) and less than 2^k. Trailing zeros are omitted. The limits never change, so two
 * histograms can be merged by adding their counts.
 */
export type Log2Counts = readonly number[];

/** Minimum, maximum and distribution of integers >= 0. */
export interface Spread {
  /** Minimum. */
  readonly min: number;
  /** Maximum. */
  readonly max: number;
  /** Number of values per power of two. */
  readonly log2: Log2Counts;
}

const BUCKETS = 54;

/** Returns the bucket of an integer from 0 to 2^53. */
function log2Bucket(value: number): number {
  return value < 2 ** 31 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 2 ** 32));
}

/** Returns the minimum of a bucket. */
export function bucketStart(bucket: number): number {
  return bucket === 0 ? 0 : 2 ** (bucket - 1);
}

/** Collects integers, one by one. */
export class SpreadCounter {
  min: number = Number.POSITIVE_INFINITY;
  max = 0;
  readonly #counts: Float64Array = new Float64Array(BUCKETS);

  add(value: number): void {
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.#counts[log2Bucket(value)]++;
  }

  /** Returns the spread, or undefined if there were no integers. */
  spread(): Spread | undefined {
    if (this.min > this.max) return undefined;
    return { min: this.min, max: this.max, log2: trimmed([...this.#counts]) };
  }
}

/** Merges the spreads of two sets of values. */
export function mergeSpreads(a: Spread | undefined, b: Spread | undefined): Spread | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    log2: addCounts(a.log2, b.log2),
  };
}

function addCounts(a: Log2Counts, b: Log2Counts): Log2Counts {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0));
}

/** Removes the zeros at the end. */
function trimmed(counts: number[]): number[] {
  while (counts.at(-1) === 0) counts.pop();
  return counts;
}

/**
 * Counts of numbers by sign and power of two, as pairs `[exponent, count]` in ascending order. The
 * count of exponent e is the number of values with 2^e <= |value| < 2^(e+1). Subnormal floats are
 * counted at exponent -127.
 */
export interface SignedLog2 {
  /** Counts of the negative values. */
  readonly negative: readonly ExponentCount[];
  /** Number of zeros. */
  readonly zeros: number;
  /** Counts of the positive values. */
  readonly positive: readonly ExponentCount[];
}

/** A power of two and the number of values in its bucket: `[exponent, count]`. */
export type ExponentCount = readonly [exponent: number, count: number];

/**
 * Returns the counts that are not zero, with their exponents.
 *
 * @param offset exponent of the first of `counts`
 */
export function exponentCounts(counts: ArrayLike<number>, offset: number): ExponentCount[] {
  const found: ExponentCount[] = [];
  for (let i = 0; i < counts.length; i++) if (counts[i] > 0) found.push([i + offset, counts[i]]);
  return found;
}

export function mergeSignedLog2(a: SignedLog2, b: SignedLog2): SignedLog2 {
  return {
    negative: mergeExponents(a.negative, b.negative),
    zeros: a.zeros + b.zeros,
    positive: mergeExponents(a.positive, b.positive),
  };
}

function mergeExponents(a: readonly ExponentCount[], b: readonly ExponentCount[]): ExponentCount[] {
  const counts = new Map(a);
  for (const [exponent, count] of b) counts.set(exponent, (counts.get(exponent) ?? 0) + count);
  return [...counts].sort(([one], [other]) => one - other);
}
