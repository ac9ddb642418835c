import { UsageError } from '../errors.ts';
/**
 * SplitMix64 (Steele, Lea and Flood, 2014): the i-th number is a fixed mixing of `seed + (i + 1) * 0x9e3779b97f4a7c15`, modulo 2^64. Numbers of one seed
 * never repeat, because the mixing can be undone. In halves of 32 bits: the same on every machine, and no BigInt.
 */
export class SplitMix64 {
  /** The upper and the lower half of the current number. */
  hi = 0;
  lo = 0;
  #stateHi: number;
  #stateLo: number;

  /** @param seed a whole number from 0 to 2^53 - 1 */
  constructor(seed: number) {
    this.#stateHi = Math.floor(seed / 2 ** 32);
    this.#stateLo = seed >>> 0;
  }

  /** Goes on to the next number. */
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

  /** Modulo 2^64. */
  #multiply(hi: number, lo: number): void {
    const a = this.lo & 0xffff;
    const b = this.lo >>> 16;
    const c = lo & 0xffff;
    const d = lo >>> 16;
    const low = a * c;
    const middle = b * c + (low >>> 16);
    const carried = a * d + (middle & 0xffff);
    // Below 2^53: exact.
    const high = b * d + Math.floor(middle / 65536) + Math.floor(carried / 65536);
    this.hi = (Math.imul(this.lo, hi) + Math.imul(this.hi, lo) + (high >>> 0)) >>> 0;
    this.lo = (((carried & 0xffff) << 16) | (low & 0xffff)) >>> 0;
  }
}

/** @throws UsageError unless `seed` is a whole number from 0 to 2^53 - 1 */
export function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new UsageError(`seed: expected an integer from 0 to 2^53 - 1, got ${seed}`);
}
