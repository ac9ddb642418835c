import { LITTLE_ENDIAN, numbersInPlace } from '../../bytes/wire/varints.ts';
import type { Int64Mode, Int64Values } from './feature.ts';
import type { ListReader } from './list-reader.ts';

const SLAB_BYTES = 65_536;
/** Larger arrays have memory of their own. */
const MAX_SHARED_BYTES = 16_384;

/**
 * Memory for arrays, cut from pieces that several share: an allocation of its own takes 8 µs for 16 KiB, a view of memory that is there 60 ns. The
 * words are there to be written without making a number of each value: a float stays the NaN it is, and a 64-bit integer needs no BigInt.
 */
export class Slab {
  /** The memory of what was taken last, and where it begins there. */
  words: Int32Array;
  /** The same memory. Kept, because asking an array for its buffer takes 22 ns. */
  buffer: ArrayBuffer;
  /** The same, as numbers of 64 bits. */
  numbers: Float64Array;
  at = 0;
  #shared = new Int32Array(0);
  #used = 0;

  constructor() {
    this.words = this.#shared;
    this.buffer = this.#shared.buffer;
    this.numbers = new Float64Array(this.buffer);
  }

  /** Room for `bytes` from `at` on, at a multiple of eight bytes. More may be asked for than is then kept. */
  take(bytes: number): void {
    if (bytes > MAX_SHARED_BYTES) {
      this.#use(new Int32Array(Math.ceil(bytes / 8) * 2));
      this.at = 0;
      return;
    }
    if (this.#used + bytes / 4 > this.#shared.length) {
      this.#shared = new Int32Array(SLAB_BYTES / 4);
      this.#used = 0;
    }
    if (this.words !== this.#shared) this.#use(this.#shared);
    this.at = this.#used;
  }

  #use(words: Int32Array<ArrayBuffer>): void {
    this.words = words;
    this.buffer = words.buffer;
    this.numbers = new Float64Array(words.buffer);
  }

  /** So many words of what was taken are kept; the next begins behind them. */
  keep(words: number): void {
    if (this.words === this.#shared) this.#used = this.at + words + (words & 1);
  }
}

/** A value beyond what a number can hold, and where it stands in its list. */
export class TooLargeForNumber extends Error {
  readonly index: number;
  readonly value: bigint;

  constructor(index: number, value: bigint) {
    super(`value ${index} is ${value}`);
    this.index = index;
    this.value = value;
  }
}

/** Arrays of the values of lists. */
export class ValueMaker {
  readonly #lists: ListReader;
  readonly #slab = new Slab();

  constructor(lists: ListReader) {
    this.#lists = lists;
  }

  /** A FloatList: a view of the record where the floats are aligned, else a copy. */
  floats(): Float32Array {
    const lists = this.#lists;
    const count = lists.countFloats();
    const run = lists.onlyRun();
    const { bytes } = lists;
    if (LITTLE_ENDIAN && run >= 0 && count > 0) {
      const at = bytes.byteOffset + run;
      if (at % 4 === 0) return new Float32Array(bytes.buffer, at, count);
      if (count > 16) return this.#copy(bytes, run, count);
    }
    this.#slab.take(4 * count);
    const { words, at } = this.#slab;
    lists.floatsInto(words, at);
    this.#slab.keep(count);
    return new Float32Array(this.#slab.buffer, 4 * at, count);
  }

  #copy(bytes: Uint8Array, run: number, count: number): Float32Array {
    this.#slab.take(4 * count);
    const { at } = this.#slab;
    this.#slab.keep(count);
    new Uint8Array(this.#slab.buffer, 4 * at, 4 * count).set(bytes.subarray(run, run + 4 * count));
    return new Float32Array(this.#slab.buffer, 4 * at, count);
  }

  /** An Int64List, as the mode wants it. */
  int64s(mode: Int64Mode): Int64Values {
    const lists = this.#lists;
    const most = lists.mostInt64s();
    this.#slab.take(8 * (most > 1024 ? lists.countInt64s() : most));
    const { words, at } = this.#slab;
    const to = lists.int64sInto(words, at);
    const count = (to - at) / 2;
    this.#slab.keep(to - at);
    if (mode === 'bigint') return new BigInt64Array(this.#slab.buffer, 4 * at, count);
    const numbers = new Float64Array(this.#slab.buffer, 4 * at, count);
    const beyond = numbersInPlace(words, numbers, at, to);
    if (beyond < 0) return numbers;
    const exact = new BigInt64Array(this.#slab.buffer, 4 * at, count);
    if (mode === 'number') throw new TooLargeForNumber(beyond, exact[beyond]);
    return exact;
  }
}
