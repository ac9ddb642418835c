import { abortable, checkAborted } from '../bytes/abortable.ts';
import { asBytes } from '../bytes/binary-data.ts';
import { type ByteSource, type ChunkReading, isBlob, type OpenSource } from '../bytes/sources.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { openSource } from '../storage/open-source.ts';
import { type FileHead, peekStored } from '../storage/stored-source.ts';

/**
 * Maximum number of bytes to inspect at the start. It leaves room for a gzip header with a long name, or
 * for the next record after damage.
 */
export const PEEK_BYTES: number = 64 * 1024;

/**
 * An open source that can be read only once, together with its first bytes. They are not lost: the
 * next reader receives them first.
 */
export class PeekedSource {
  readonly opened: OpenSource;
  readonly iterator: AsyncIterator<Uint8Array>;
  /** The chunks that have been inspected. */
  readonly taken: Uint8Array[] = [];
  /** The first bytes. */
  head: Uint8Array = new Uint8Array(0);
  /** Whether `head` contains the whole source. */
  whole = false;
  /** Copy of the first bytes, if they span chunks. */
  #start: Uint8Array | undefined;
  readonly #next: { buffer: ChunkReading['nextBuffer'] } | undefined;

  static open(
    source: ByteSource,
    reading: ChunkReading,
    signal: AbortSignal | undefined,
    objects: Partial<ObjectOptions> | undefined,
  ): PeekedSource {
    checkAborted(signal);
    const next: { buffer: ChunkReading['nextBuffer'] } = { buffer: undefined };
    const nextBuffer = (): Uint8Array => next.buffer?.() ?? new Uint8Array(reading.chunkBytes);
    const opened = openSource(source, { ...reading, nextBuffer }, { objects });
    return new PeekedSource(opened, signal, next);
  }

  /**
   * @param next holds the function that supplies memory for chunks, which `readInto` sets; if
   *   undefined, the source has its own memory
   */
  constructor(
    opened: OpenSource,
    signal: AbortSignal | undefined,
    next?: { buffer: ChunkReading['nextBuffer'] },
  ) {
    this.opened = opened;
    this.#next = next;
    this.iterator = abortable(opened.chunks, signal)[Symbol.asyncIterator]();
  }

  /** Extends `head` with the next nonempty chunk, up to a total of PEEK_BYTES. */
  async peek(): Promise<void> {
    const { taken } = this;
    // The source may reuse the memory of a chunk when the next one is requested.
    if (taken.length > 0) taken.push((taken.pop() as Uint8Array).slice());
    if (taken.length === 1) this.head = taken[0].subarray(0, PEEK_BYTES);
    while (!this.whole) {
      const { done, value } = await this.iterator.next();
      if (done) {
        this.whole = true;
      } else if (value.length > 0) {
        taken.push(value);
        const have = this.head.length;
        const more = value.subarray(0, PEEK_BYTES - have);
        this.head = have === 0 ? more : this.#append(more);
        return;
      }
    }
  }

  #append(more: Uint8Array): Uint8Array {
    const have = this.head.length;
    this.#start ??= new Uint8Array(PEEK_BYTES);
    if (this.head.buffer !== this.#start.buffer) this.#start.set(this.head);
    this.#start.set(more, have);
    return this.#start.subarray(0, have + more.length);
  }

  /** Whether chunks can be read into buffers of the reader. */
  get usesBuffers(): boolean {
    return this.#next !== undefined;
  }

  /** Reads later chunks into these buffers. */
  readInto(nextBuffer: ChunkReading['nextBuffer']): void {
    if (this.#next !== undefined) this.#next.buffer = nextBuffer;
  }

  /** Closes the source. */
  async close(): Promise<void> {
    this.taken.length = 0;
    await this.iterator.return?.();
  }
}

/**
 * Returns the first `bytes` bytes of a source that can be read again. Returns undefined for any
 * other source, and for an object, because it would need a request.
 */
export async function sourceHead(source: ByteSource, bytes: number): Promise<FileHead | undefined> {
  if ((typeof source === 'string' && source !== '-') || source instanceof URL)
    return peekStored(source, bytes);
  const data = asBytes(source);
  if (data !== undefined) return { head: data.subarray(0, bytes), size: data.length };
  if (!isBlob(source)) return undefined;
  return { head: new Uint8Array(await source.slice(0, bytes).arrayBuffer()), size: source.size };
}
