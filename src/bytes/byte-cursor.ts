/** Looks at the front of a stream of chunks and takes bytes off it. */
export class ByteCursor {
  readonly #source: AsyncIterator<Uint8Array>;
  #front: Uint8Array = new Uint8Array(0);
  /** Bytes taken so far. */
  taken = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The bytes at hand, at least one; empty only at the end of the stream. */
  async front(): Promise<Uint8Array> {
    while (this.#front.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) break;
      this.#front = value;
    }
    return this.#front;
  }

  /** Fetches more behind the bytes at hand, and joins them; false at the end of the stream. For headers and trailers: it copies. */
  async more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    const joined = new Uint8Array(this.#front.length + value.length);
    joined.set(this.#front);
    joined.set(value, this.#front.length);
    this.#front = joined;
    return true;
  }

  /** At least `count` bytes at the front; fewer only at the end of the stream. */
  async atLeast(count: number): Promise<Uint8Array> {
    while (this.#front.length < count && (await this.more()));
    return this.#front;
  }

  /** Takes `count` of the bytes at hand. */
  take(count: number): void {
    this.#front = this.#front.subarray(count);
    this.taken += count;
  }

  /** Ends the stream early. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
