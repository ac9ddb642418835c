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
