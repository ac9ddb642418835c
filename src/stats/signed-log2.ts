/**
 * Counts of numbers by sign and power of two: `[exponent, count]` each, ascending, where exponent e holds 2^e <= |value| < 2^(e+1). Floats that are subnormal are
 * counted as 2^-127.
 */
export interface SignedLog2 {
  readonly negative: readonly ExponentCount[];
  readonly zeros: number;
  readonly positive: readonly ExponentCount[];
}

export type ExponentCount = readonly [exponent: number, count: number];

/** @param offset exponent of the first of `counts` */
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
