/** State of {@link Xoshiro128}. */
export type RandomState = readonly [a: number, b: number, c: number, d: number];

/**
 * Random numbers of `shuffle`: xoshiro128** (Blackman and Vigna). It uses 32-bit integers only, so
 * a seed gives the same order on every machine and in every version. SplitMix32 produces its four
 * words of state from the words of seed and iteration:
 *
 * ```text
 * h = 0
 * for w of [low(seed), high(seed), low(iteration), high(iteration)]: h = mix(h + w + 0x9e3779b9)
 * s[i] = mix(h + (i + 1) * 0x9e3779b9), i = 0…3
 * mix(x): x ^= x >>> 16; x *= 0x21f0aaad; x ^= x >>> 15; x *= 0x735a2d97; x ^ x >>> 15
 * ```
 *
 * `low` and `high` are the 32-bit halves of the number as a 64-bit two's complement. Test vectors:
 * test/dataset/random.test.ts.
 */
export class Xoshiro128 {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, iteration: number) {
    let h = 0;
    for (const value of [seed, iteration]) {
      h = mix((h + (value >>> 0) + GOLDEN) | 0);
      h = mix((h + (Math.floor(value / 2 ** 32) >>> 0) + GOLDEN) | 0);
    }
    this.#a = mix((h + GOLDEN) | 0);
    this.#b = mix((h + 2 * GOLDEN) | 0);
    this.#c = mix((h + 3 * GOLDEN) | 0);
    this.#d = mix((h + 4 * GOLDEN) | 0);
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#d = 1; // Never use the all-zero state, which does not change.
  }

  /** The state, four 32-bit integers. */
  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  set state([a, b, c, d]: RandomState) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }

  /** Returns the next 32 bits. */
  next(): number {
    const scrambled = Math.imul(rotl(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotl(this.#d, 11);
    return scrambled >>> 0;
  }

  /**
   * Returns a uniformly distributed integer from 0 to `end - 1`; `end` must be from 1 to 2^32. Uses
   * the lowest bits of random words and rejects values >= `end`.
   */
  below(end: number): number {
    const mask = end <= 1 ? 0 : 0xffffffff >>> Math.clz32(end - 1);
    for (;;) {
      const drawn = (this.next() & mask) >>> 0;
      if (drawn < end) return drawn;
    }
  }
}

const GOLDEN = 0x9e3779b9;

export function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}

function rotl(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
