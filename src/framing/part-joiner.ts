/** Puts the parts of one record into one buffer, which grows with the bytes that arrive, never with a length that is only declared. */
export class PartJoiner {
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;
  readonly #reuse: boolean;

  /** @param reuse whether the buffer of one record is used for the next */
  constructor(reuse: boolean) {
    this.#reuse = reuse;
  }

  /** Begins a record. */
  begin(): void {
    this.#length = 0;
  }

  /** Adds `source[from, to)`. @param most bytes that the record has at most: no larger buffer is made */
  append(source: Uint8Array, from: number, to: number, most: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(most, 2 * this.#bytes.length)));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(from === 0 && to === source.length ? source : source.subarray(from, to), this.#length);
    this.#length = needed;
  }

  /** The record. */
  take(): Uint8Array {
    const record = this.#bytes.subarray(0, this.#length);
    if (!this.#reuse) this.#bytes = new Uint8Array(0);
    return record;
  }
}
