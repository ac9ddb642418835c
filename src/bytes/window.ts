/**
 * Maximum size of memory to keep for reuse. A larger record is rare, and its memory is released.
 */
const MAX_SPARE_BYTES = 4 * 1024 * 1024;

/**
 * A growing window over a stream of chunks: the unread bytes `bytes[at, end)`, which are contiguous
 * and have a known position in the stream. Chunks are used in place; bytes are copied only if
 * something spans two chunks.
 */
export class ByteWindow {
  bytes: Uint8Array = new Uint8Array(0);
  /** Index in `bytes` of the first unread byte. Readers advance it. */
  at = 0;
  /** Index in `bytes` of the end of the valid bytes. */
  end = 0;
  /** Position in the stream of `bytes[0]`. */
  base = 0;
  #queued: Uint8Array | undefined;
  #queuedAt = 0;
  /** Whether the window allocated `bytes`, so that its free space may be filled. */
  #joined = false;
  /** Memory of earlier bytes that spanned chunks, if it may be reused. */
  #spare: Uint8Array | undefined;
  readonly #reuse: boolean;

  /** @param reuse whether returned bytes are no longer needed when more are requested */
  constructor(reuse = false) {
    this.#reuse = reuse;
  }

  /** Position in the stream of the first unread byte. */
  get position(): number {
    return this.base + this.at;
  }

  /** Whether all pushed bytes have been read. */
  get empty(): boolean {
    return this.at === this.end && this.#queued === undefined;
  }

  /** Number of unread bytes, including queued ones. */
  get unread(): number {
    return this.end - this.at + (this.#queued === undefined ? 0 : this.#queued.length - this.#queuedAt);
  }

  /**
   * Adds the next chunk. Call only after the previous chunk has been accepted, that is, when `want`
   * has returned false or the window is empty.
   */
  push(chunk: Uint8Array): void {
    if (this.at === this.end && this.#queued === undefined) {
      this.#use(chunk, 0);
      return;
    }
    if (this.#queued !== undefined)
      throw new Error('ByteWindow: push called before the previous chunk was accepted');
    if (this.#follows(chunk)) return;
    this.#queued = chunk;
    this.#queuedAt = 0;
  }

  /**
   * Reports whether a chunk directly follows the unread bytes in memory. If so, the window simply
   * grows to include it, without a copy. This happens with pipes, which are read piece by piece
   * into one buffer. Alternating buffers have gaps between them (see KernelMemory), so the window
   * never spans several of them.
   */
  #follows(chunk: Uint8Array): boolean {
    const { bytes, end } = this;
    const next = bytes.byteOffset + end;
    if (this.#joined || chunk.byteOffset !== next || chunk.buffer !== bytes.buffer) return false;
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, end + chunk.length);
    this.end += chunk.length;
    return true;
  }

  /**
   * Advances to the queued chunk once all of `bytes` has been read. Returns whether there are
   * unread bytes.
   */
  advance(): boolean {
    if (this.at < this.end) return true;
    if (this.#queued === undefined) return false;
    this.#use(this.#queued, this.#queuedAt);
    return this.at < this.end;
  }

  /**
   * Makes at least `wanted` unread bytes contiguous. Memory grows as bytes arrive, never with
   * `wanted` alone.
   * @returns false if fewer bytes have been pushed
   */
  want(wanted: number): boolean {
    if (this.end - this.at >= wanted) return true;
    const queued = this.#queued;
    if (queued === undefined) return false;
    const have = this.end - this.at;
    const taken = Math.min(wanted - have, queued.length - this.#queuedAt);
    this.#reserve(have + taken, wanted);
    this.#take(queued, taken);
    return have + taken >= wanted;
  }

  /** Makes all pushed bytes contiguous. The total cost of repeated calls is linear. */
  join(): void {
    const queued = this.#queued;
    if (queued === undefined) return;
    const taken = queued.length - this.#queuedAt;
    this.#reserve(this.end - this.at + taken, Number.POSITIVE_INFINITY);
    this.#take(queued, taken);
  }

  #take(queued: Uint8Array, taken: number): void {
    this.bytes.set(queued.subarray(this.#queuedAt, this.#queuedAt + taken), this.end);
    this.end += taken;
    this.#queuedAt += taken;
    if (this.#queuedAt === queued.length) this.#queued = undefined;
  }

  #reserve(needed: number, atMost: number): void {
    if (this.#joined && this.bytes.length - this.at >= needed) return;
    const grown = this.#memory(Math.min(atMost, Math.max(needed, 2 * (this.end - this.at), 64)));
    grown.set(this.bytes.subarray(this.at, this.end));
    this.base += this.at;
    this.end -= this.at;
    this.at = 0;
    this.bytes = grown;
    this.#joined = true;
  }

  #memory(size: number): Uint8Array {
    const spare = this.#spare;
    if (spare !== undefined && spare !== this.bytes && spare.length >= size) return spare;
    const memory = new Uint8Array(size);
    if (this.#reuse && size <= MAX_SPARE_BYTES) this.#spare = memory;
    return memory;
  }

  #use(chunk: Uint8Array, at: number): void {
    this.base += this.end - at;
    this.bytes = chunk;
    this.at = at;
    this.end = chunk.length;
    this.#queued = undefined;
    this.#joined = false;
  }
}
