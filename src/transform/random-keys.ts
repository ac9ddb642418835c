import { UsageError } from '../errors.ts';

/**
 * The SplitMix64 generator (Steele, Lea and Flood, 2014). The i-th number is a bijective mix of
 * `seed + (i + 1) * 0x9e3779b97f4a7c15`, modulo 2^64. All numbers of one seed are distinct because
 * the mix is bijective. They are computed in 32-bit halves, without BigInt.
 */
export class SplitMix64 {
  /** Upper half of the current number; `lo` is the lower half. */
  hi = 0;
  lo = 0;
  #stateHi: number;
  #stateLo: number;

  /** @param seed an integer from 0 to 2^53 - 1 */
  constructor(seed: number) {
    this.#stateHi = Math.floor(seed / 2 ** 32);
    this.#stateLo = seed >>> 0;
  }

  /** Advances to the next number. */
  next(): void {
    const sum = this.#stateLo + 0x7f4a7c15;
    this.#stateLo = sum >>> 0;
    this.#stateHi = (this.#stateHi + 0x9e3779b9 + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    this.hi = this.#stateHi;
    this.lo = this.#stateLo;
    this.#shiftXor(30);
    this.#multiply(0xbf58476d, 0x1ce4e5b9);
    this.#shiftXor(27);
    this.#multiply(0x94d049bb, 0x133111eb);
    this.#shiftXor(31);
  }

  #shiftXor(bits: number): void {
    const { hi } = this;
    this.lo = (this.lo ^ ((this.lo >>> bits) | (hi << (32 - bits)))) >>> 0;
    this.hi = (hi ^ (hi >>> bits)) >>> 0;
  }

  /** Multiplies the current number, modulo 2^64. */
  #multiply(hi: number, lo: number): void {
    const a = this.lo & 0xffff;
    const b = this.lo >>> 16;
    const c = lo & 0xffff;
    const d = lo >>> 16;
    const low = a * c;
    const middle = b * c + (low >>> 16);
    const carried = a * d + (middle & 0xffff);
    // This is exact, because it is less than 2^53.
    const high = b * d + Math.floor(middle / 65536) + Math.floor(carried / 65536);
    this.hi = (Math.imul(this.lo, hi) + Math.imul(this.hi, lo) + (high >>> 0)) >>> 0;
    this.lo = (((carried & 0xffff) << 16) | (low & 0xffff)) >>> 0;
  }
}

/** Checks a seed. @throws UsageError unless it is an integer from 0 to 2^53 - 1 */
export function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new UsageError(`seed: expected an integer from 0 to 2^53 - 1, got ${seed}`);
}

/** The N smallest 64-bit keys added so far, stored as a heap with the largest on top. */
export class SmallestKeys {
  readonly #max: number;
  #hi: Uint32Array = new Uint32Array(16);
  #lo: Uint32Array = new Uint32Array(16);
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Adds a key, which must differ from all others, and reports whether it is among the smallest so
   * far.
   */
  add(hi: number, lo: number): boolean {
    if (this.#count < this.#max) {
      this.#grow();
      this.#rise(this.#count++, hi, lo);
      return true;
    }
    if (!this.has(hi, lo)) return false;
    this.#sink(hi, lo);
    return true;
  }

  /** Reports whether an added key is among the smallest. */
  has(hi: number, lo: number): boolean {
    if (this.#count === 0) return false;
    return hi < this.#hi[0] || (hi === this.#hi[0] && lo <= this.#lo[0]);
  }

  #grow(): void {
    if (this.#count < this.#hi.length) return;
    const [hi, lo] = [this.#hi, this.#lo];
    this.#hi = new Uint32Array(2 * hi.length);
    this.#lo = new Uint32Array(2 * lo.length);
    this.#hi.set(hi);
    this.#lo.set(lo);
  }

  /** Inserts a key at the end and moves it up. */
  #rise(at: number, hi: number, lo: number): void {
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isLess(above, hi, lo)) break;
      this.#move(above, at);
      at = above;
    }
    this.#hi[at] = hi;
    this.#lo[at] = lo;
  }

  /** Replaces the largest key and moves the new one down. */
  #sink(hi: number, lo: number): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#count) break;
      if (below + 1 < this.#count && this.#isLess(below, this.#hi[below + 1], this.#lo[below + 1])) below++;
      if (this.#isLess(below, hi, lo)) break;
      this.#move(below, at);
      at = below;
    }
    this.#hi[at] = hi;
    this.#lo[at] = lo;
  }

  #move(from: number, to: number): void {
    this.#hi[to] = this.#hi[from];
    this.#lo[to] = this.#lo[from];
  }

  #isLess(at: number, hi: number, lo: number): boolean {
    return this.#hi[at] < hi || (this.#hi[at] === hi && this.#lo[at] < lo);
  }
}
