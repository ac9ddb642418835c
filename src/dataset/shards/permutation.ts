import { mix, type Xoshiro128 } from '../operators/random.ts';

/**
 * Maximum size of a permutation that is stored as a table, which is uniform over all orders. A
 * Feistel network over so few numbers is not.
 */
const MAX_TABLE = 4096;
/** Number of rounds. Four suffice for large domains; more keep small ones unbiased. */
const ROUNDS = 8;

/** A permutation of the numbers 0 to `length - 1`. */
export interface Permutation {
  /** Returns the number at position `i`. */
  at(i: number): number;
  /** Returns the position of a number. */
  indexOf(number: number): number;
}

/**
 * Returns a random permutation. It takes at most 32 KiB, whatever its length, and a lookup takes
 * about 50 ns.
 * @param length number of elements, up to 2^53
 */
export function randomPermutation(length: number, random: Xoshiro128): Permutation {
  return length <= MAX_TABLE ? new TablePermutation(length, random) : new FeistelPermutation(length, random);
}

class TablePermutation implements Permutation {
  readonly #numbers: Uint16Array;
  readonly #positions: Uint16Array;

  constructor(length: number, random: Xoshiro128) {
    const numbers = Uint16Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const other = random.below(i + 1);
      const number = numbers[i];
      numbers[i] = numbers[other];
      numbers[other] = number;
    }
    this.#numbers = numbers;
    this.#positions = new Uint16Array(length);
    for (let i = 0; i < length; i++) this.#positions[numbers[i]] = i;
  }

  at(i: number): number {
    return this.#numbers[i];
  }

  indexOf(number: number): number {
    return this.#positions[number];
  }
}

/**
 * A Feistel network with cycle walking (Black and Rogaway, "Ciphers with arbitrary finite domains").
 * It permutes the numbers below the next power of two; results >= `length` pass through it again.
 * The halves have up to 27 bits, so that 32-bit operations suffice.
 */
export class FeistelPermutation implements Permutation {
  readonly #length: number;
  /** Number of values of the low half. */
  readonly #lowValues: number;
  /** Shifts that leave as many of 32 bits as each half has. */
  readonly #highShift: number;
  readonly #lowShift: number;
  readonly #keys: Int32Array;

  /** @param length number of elements, from 2 to 2^53 */
  constructor(length: number, random: Xoshiro128) {
    const bits = Math.max(2, bitsOf(length - 1));
    const lowBits = bits >> 1;
    this.#length = length;
    this.#lowValues = 2 ** lowBits;
    this.#highShift = 32 - (bits - lowBits);
    this.#lowShift = 32 - lowBits;
    this.#keys = Int32Array.from({ length: ROUNDS }, () => random.next());
  }

  at(i: number): number {
    const keys = this.#keys;
    const lowValues = this.#lowValues;
    let number = i;
    do {
      let high = Math.floor(number / lowValues);
      let low = number - high * lowValues;
      for (let round = 0; round < ROUNDS; round += 2) {
        high ^= mix(low + keys[round]) >>> this.#highShift;
        low ^= mix(high + keys[round + 1]) >>> this.#lowShift;
      }
      number = high * lowValues + low;
    } while (number >= this.#length);
    return number;
  }

  indexOf(number: number): number {
    const keys = this.#keys;
    const lowValues = this.#lowValues;
    let i = number;
    do {
      let high = Math.floor(i / lowValues);
      let low = i - high * lowValues;
      for (let round = ROUNDS - 2; round >= 0; round -= 2) {
        low ^= mix(high + keys[round + 1]) >>> this.#lowShift;
        high ^= mix(low + keys[round]) >>> this.#highShift;
      }
      i = high * lowValues + low;
    } while (i >= this.#length);
    return i;
  }
}

/** Returns the number of bits of an integer from 0 to 2^53. */
function bitsOf(number: number): number {
  let bits = 0;
  for (let rest = number; rest >= 1; rest /= 2) bits++;
  return bits;
}
