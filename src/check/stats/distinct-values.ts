/**
 * Maximum number of distinct values of a feature that are counted. Beyond it, all counts are
 * dropped.
 */
export const MAX_DISTINCT = 1024;
/** Maximum size of a value of bytes. If a value is longer, all counts are dropped too. */
export const MAX_LABEL_BYTES = 64;

/**
 * A value and the number of times it occurs. An integer beyond 2^53 is a decimal string. Bytes are
 * text, or base64 if they are not UTF-8.
 */
export interface ValueCount {
  /** The value. Integers beyond 2^53 are decimal strings. */
  readonly value: number | string;
  /** Present if `value` is base64. */
  readonly base64?: true;
  /** Number of occurrences. */
  readonly count: number;
}

/**
 * All distinct values, in descending order of frequency; null if there are more than 1,024 distinct
 * values, or if a value is longer than 64 bytes. The result does not depend on the order of the
 * values, so the counts of the parts of a data set add up to the counts of the whole data set.
 */
export type DistinctValues = readonly ValueCount[] | null;

/** Counts the distinct values of a feature as long as there are only a few. */
export class DistinctCounter {
  overflown = false;
  #size = 0;
  /** Counts of small numbers. Most labels are small numbers. */
  #small: Float64Array | undefined;
  readonly #others = new Map<number | string, number>();

  int64(high: number, low: number): void {
    if (high === 0 && low < MAX_DISTINCT) {
      this.#small ??= new Float64Array(MAX_DISTINCT);
      if (this.#small[low]++ === 0) this.#grow();
    } else {
      this.#count(int64Value(high, low));
    }
  }

  number(value: number): void {
    // Negative zero is the same label as zero.
    if (!this.overflown) this.#count(value || 0);
  }

  bytes(bytes: Uint8Array, from: number, to: number): void {
    if (to - from > MAX_LABEL_BYTES) this.#overflow();
    else this.#count(latin1(bytes, from, to));
  }

  /** Returns the counts. @param isBytes whether the values are bytes */
  values(isBytes: boolean): DistinctValues {
    if (this.overflown) return null;
    const found: ValueCount[] = [];
    this.#small?.forEach((count, value) => {
      if (count > 0) found.push({ value, count });
    });
    for (const [value, count] of this.#others)
      found.push(isBytes ? { ...readable(value as string), count } : { value, count });
    return sortedCounts(found, isBytes);
  }

  #count(value: number | string): void {
    const count = this.#others.get(value);
    this.#others.set(value, (count ?? 0) + 1);
    if (count === undefined) this.#grow();
  }

  #grow(): void {
    if (++this.#size > MAX_DISTINCT) this.#overflow();
  }

  #overflow(): void {
    this.overflown = true;
    this.#small = undefined;
    this.#others.clear();
  }
}

/** Returns the sum of two sets of counts. */
export function mergeDistinct(a: DistinctValues, b: DistinctValues, isBytes: boolean): DistinctValues {
  if (a === null || b === null) return null;
  // Numbers and strings are different keys, but base64 may equal the text of another value.
  const found = new Map<number | string, ValueCount>();
  const encoded = new Map<number | string, ValueCount>();
  for (const one of a) (one.base64 ? encoded : found).set(one.value, one);
  for (const one of b) {
    const kind = one.base64 ? encoded : found;
    const known = kind.get(one.value);
    kind.set(one.value, known === undefined ? one : { ...one, count: one.count + known.count });
  }
  if (found.size + encoded.size > MAX_DISTINCT) return null;
  return sortedCounts([...found.values(), ...encoded.values()], isBytes);
}

/** Returns a 64-bit integer for JSON: a number if that is exact, otherwise a decimal string. */
export function int64Value(high: number, low: number): number | string {
  const value = high * 2 ** 32 + low;
  return Number.isSafeInteger(value) ? value : String((BigInt(high) << 32n) | BigInt(low));
}

function sortedCounts(counts: ValueCount[], isBytes: boolean): ValueCount[] {
  return counts.sort(
    (a, b) => b.count - a.count || (isBytes ? compareBytes(a, b) : compareInt64(a.value, b.value)),
  );
}

function compareBytes(a: ValueCount, b: ValueCount): number {
  const [one, other] = [String(a.value), String(b.value)];
  return one < other ? -1 : one > other ? 1 : (a.base64 ? 1 : 0) - (b.base64 ? 1 : 0);
}

/**
 * Returns a negative number, 0 or a positive number if `a` is less than, equal to or greater than
 * `b`.
 */
export function compareInt64(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [one, other] = [BigInt(a), BigInt(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Returns bytes as a string with one character per byte. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at]);
  return text;
}

function readable(key: string): Omit<ValueCount, 'count'> {
  const bytes = Uint8Array.from(key, (sign) => sign.charCodeAt(0));
  try {
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { value: btoa(key), base64: true };
  }
}
