import {
  compareInt64,
  DistinctCounter,
  type DistinctValues,
  int64Value,
  mergeDistinct,
} from './distinct-values.ts';
import { type ExponentCount, exponentCounts, mergeSignedLog2, type SignedLog2 } from './log2.ts';

/** Statistics for the values of an int64 feature. */
export interface Int64Stats {
  /** Number of values. */
  readonly values: number;
  /** Exact minimum: a number up to 2^53, otherwise a decimal string. */
  readonly min: number | string;
  /** Exact maximum, in the same form as `min`. */
  readonly max: number | string;
  /** Number of values per power of two. */
  readonly log2: SignedLog2;
  /** The distinct values; null if there are too many. */
  readonly distinct: DistinctValues;
}

/** Statistics for the values of a float feature. */
export interface FloatStats {
  /** Number of values, including NaN. */
  readonly values: number;
  /**
   * Minimum of the finite values, with the fewest digits that represent the same float; null if
   * there are no finite values.
   */
  readonly min: number | null;
  /** Maximum of the finite values, in the same form as `min`. */
  readonly max: number | null;
  /** Number of NaNs. */
  readonly nan: number;
  /** Number of values that are positive infinity. */
  readonly positiveInfinity: number;
  /** Number of values that are negative infinity. */
  readonly negativeInfinity: number;
  /** Number of finite values per power of two. */
  readonly log2: SignedLog2;
  /** Distinct finite values of the labels of an IRHeader or Record. Missing for other features. */
  readonly distinct?: DistinctValues;
}

/** Collects the statistics of 64-bit integers, each of which is passed as two halves. */
export class Int64Counter {
  #values = 0;
  #minHigh = 0x7fffffff;
  #minLow = 0xffffffff;
  #maxHigh: number = -0x80000000;
  #maxLow = 0;
  readonly #exponents: Float64Array = new Float64Array(128);
  #zeros = 0;
  readonly #distinct = new DistinctCounter();

  add(high: number, low: number): void {
    this.#values++;
    if (high < this.#minHigh || (high === this.#minHigh && low < this.#minLow)) {
      this.#minHigh = high;
      this.#minLow = low;
    }
    if (high > this.#maxHigh || (high === this.#maxHigh && low > this.#maxLow)) {
      this.#maxHigh = high;
      this.#maxLow = low;
    }
    if (high === 0) {
      if (low === 0) this.#zeros++;
      else this.#exponents[31 - Math.clz32(low)]++;
    } else {
      this.#exponents[exponentIndex(high, low)]++;
    }
    if (!this.#distinct.overflown) this.#distinct.int64(high, low);
  }

  /** Returns the statistics, or undefined if there were no values. */
  stats(): Int64Stats | undefined {
    if (this.#values === 0) return undefined;
    return {
      values: this.#values,
      min: int64Value(this.#minHigh, this.#minLow),
      max: int64Value(this.#maxHigh, this.#maxLow),
      log2: {
        negative: exponentCounts(this.#exponents.subarray(64), 0),
        zeros: this.#zeros,
        positive: exponentCounts(this.#exponents.subarray(0, 64), 0),
      },
      distinct: this.#distinct.values(false),
    };
  }
}

/**
 * Returns the index of the exponent: 0 to 63 for positive values, 64 to 127 for negative values.
 */
function exponentIndex(high: number, low: number): number {
  if (high > 0) return 63 - Math.clz32(high);
  // The magnitude of a negative value is the two's complement of both halves.
  const magnitudeLow = -low >>> 0;
  const magnitudeHigh = (magnitudeLow === 0 ? -high : ~high) >>> 0;
  return 64 + (magnitudeHigh === 0 ? 31 - Math.clz32(magnitudeLow) : 63 - Math.clz32(magnitudeHigh));
}

export function mergeInt64(a: Int64Stats, b: Int64Stats): Int64Stats {
  return {
    values: a.values + b.values,
    min: compareInt64(a.min, b.min) <= 0 ? a.min : b.min,
    max: compareInt64(a.max, b.max) >= 0 ? a.max : b.max,
    log2: mergeSignedLog2(a.log2, b.log2),
    distinct: mergeDistinct(a.distinct, b.distinct, false),
  };
}

const EXPONENT_MASK = 0x7f800000;
const MANTISSA_MASK = 0x007fffff;
const FLOAT_BIAS = 127;
const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

/** Collects the statistics of runs of little-endian 32-bit floats. */
export class FloatCounter {
  #values = 0;
  // Minimum and maximum in the form that `floatKey` returns.
  #min = 0x7fffffff;
  #max: number = -0x80000000;
  #nan = 0;
  #zeros = 0;
  /** Counts by the upper nine bits, which are the sign and the exponent. */
  readonly #exponents: Float64Array = new Float64Array(512);

  add(bytes: Uint8Array, from: number, to: number): void {
    this.#values += (to - from) >>> 2;
    for (let at = from; at < to; at += 4) {
      const bits = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
      if ((bits & EXPONENT_MASK) === EXPONENT_MASK) {
        if ((bits & MANTISSA_MASK) !== 0) this.#nan++;
        else this.#exponents[bits >>> 23]++;
        continue;
      }
      if ((bits & 0x7fffffff) === 0) {
        this.#zeros++;
        if (this.#min > 0) this.#min = 0;
        if (this.#max < 0) this.#max = 0;
        continue;
      }
      const key = floatKey(bits);
      if (key < this.#min) this.#min = key;
      if (key > this.#max) this.#max = key;
      this.#exponents[bits >>> 23]++;
    }
  }

  /** Returns the statistics, or undefined if there were no values. */
  stats(): FloatStats | undefined {
    if (this.#values === 0) return undefined;
    const finite = this.#min <= this.#max;
    return {
      values: this.#values,
      min: finite ? shortFloat(floatOfKey(this.#min)) : null,
      max: finite ? shortFloat(floatOfKey(this.#max)) : null,
      nan: this.#nan,
      positiveInfinity: this.#exponents[255],
      negativeInfinity: this.#exponents[511],
      log2: {
        negative: exponentCounts(this.#exponents.subarray(256, 511), -FLOAT_BIAS),
        zeros: this.#zeros,
        positive: exponentCounts(this.#exponents.subarray(0, 255), -FLOAT_BIAS),
      },
    };
  }
}

/** Collects the statistics of 64-bit floats. */
export class Float64Counter {
  #values = 0;
  #min: number = Number.POSITIVE_INFINITY;
  #max: number = Number.NEGATIVE_INFINITY;
  #nan = 0;
  #zeros = 0;
  #positiveInfinity = 0;
  #negativeInfinity = 0;
  readonly #exponents = { negative: new Map<number, number>(), positive: new Map<number, number>() };

  add(value: number): void {
    this.#values++;
    if (Number.isNaN(value)) this.#nan++;
    else if (value === Number.POSITIVE_INFINITY) this.#positiveInfinity++;
    else if (value === Number.NEGATIVE_INFINITY) this.#negativeInfinity++;
    else {
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
      if (value === 0) this.#zeros++;
      else {
        const counts = value < 0 ? this.#exponents.negative : this.#exponents.positive;
        const exponent = exponentOf(value);
        counts.set(exponent, (counts.get(exponent) ?? 0) + 1);
      }
    }
  }

  stats(): FloatStats {
    const finite = this.#min <= this.#max;
    const { negative, positive } = this.#exponents;
    return {
      values: this.#values,
      min: finite ? this.#min || 0 : null,
      max: finite ? this.#max || 0 : null,
      nan: this.#nan,
      positiveInfinity: this.#positiveInfinity,
      negativeInfinity: this.#negativeInfinity,
      log2: { negative: sortedCounts(negative), zeros: this.#zeros, positive: sortedCounts(positive) },
    };
  }
}

function sortedCounts(counts: Map<number, number>): ExponentCount[] {
  return [...counts].sort(([a], [b]) => a - b);
}

/** Returns the exponent from the bits of a 64-bit float. */
function exponentOf(value: number): number {
  double.setFloat64(0, value);
  return ((double.getUint16(0) >>> 4) & 0x7ff) - 1023;
}

const double = new DataView(new ArrayBuffer(8));

export function mergeFloat(a: FloatStats, b: FloatStats): FloatStats {
  const distinct =
    a.distinct === undefined && b.distinct === undefined
      ? undefined
      : mergeDistinct(a.distinct ?? null, b.distinct ?? null, false);
  return {
    values: a.values + b.values,
    min: either(a.min, b.min, Math.min),
    max: either(a.max, b.max, Math.max),
    nan: a.nan + b.nan,
    positiveInfinity: a.positiveInfinity + b.positiveInfinity,
    negativeInfinity: a.negativeInfinity + b.negativeInfinity,
    log2: mergeSignedLog2(a.log2, b.log2),
    ...(distinct !== undefined && { distinct }),
  };
}

/**
 * Converts the bits of a finite float to an integer that has the same order as the float, and back.
 */
export function floatKey(bits: number): number {
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

function floatOfKey(key: number): number {
  words[0] = floatKey(key);
  return floats[0];
}

/**
 * Returns the number with the fewest digits that rounds to this 32-bit float, such as 0.1 instead
 * of 0.10000000149011612.
 */
export function shortFloat(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

function either(a: number | null, b: number | null, choose: (a: number, b: number) => number): number | null {
  return a === null || b === null ? (a ?? b) : choose(a, b);
}
