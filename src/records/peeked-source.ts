import { abortable, checkAborted } from '../bytes/abortable.ts';
import type { ByteSource, ChunkReading, OpenSource } from '../bytes/sources.ts';
import type { ObjectOptions } from '../objects/object-options.ts';
import { openByteSource } from './open-byte-source.ts';

/** The most bytes that are looked at: enough for the header of a gzip member with a long name, and for the next record behind a damaged one. */
export const PEEK_BYTES: number = 64 * 1024;

/**
 * A source that can be read only once, opened, of which the first bytes have been looked at. They are not lost: whoever reads it next gets
 * them first.
 */
export class PeekedSource {
  readonly opened: OpenSource;
  readonly iterator: AsyncIterator<Uint8Array>;
  /** The chunks that have been looked at. */
  readonly taken: Uint8Array[] = [];
  /** The first bytes. */
  head: Uint8Array = new Uint8Array(0);
  /** Whether `head` is all there is. */
  whole = false;
  readonly #start = new Uint8Array(PEEK_BYTES);
  readonly #next: { buffer: ChunkReading['nextBuffer'] };

  static open(
    source: ByteSource,
    reading: ChunkReading,
    signal: AbortSignal | undefined,
    objects: Partial<ObjectOptions> | undefined,
  ): PeekedSource {
    checkAborted(signal);
    const next: { buffer: ChunkReading['nextBuffer'] } = { buffer: undefined };
    const nextBuffer = (): Uint8Array => next.buffer?.() ?? new Uint8Array(reading.chunkBytes);
    const opened = openByteSource(source, { ...reading, nextBuffer }, objects);
    return new PeekedSource(opened, signal, next);
  }

  /** @param next where `readInto` puts what whoever opened it asks for memory */
  constructor(
    opened: OpenSource,
    signal: AbortSignal | undefined,
    next: { buffer: ChunkReading['nextBuffer'] } = { buffer: undefined },
  ) {
    this.opened = opened;
    this.#next = next;
    this.iterator = abortable(opened.chunks, signal)[Symbol.asyncIterator]();
  }

  /** Makes `head` longer, up to PEEK_BYTES, by the next chunk that has any. */
  async peek(): Promise<void> {
    const { taken } = this;
    // The chunk that did not tell waits for the next ones, and who made it may use its memory again.
    if (taken.length > 0) taken.push((taken.pop() as Uint8Array).slice());
    while (!this.whole) {
      const { done, value } = await this.iterator.next();
      if (done) {
        this.whole = true;
      } else if (value.length > 0) {
        taken.push(value);
        const have = this.head.length;
        const more = value.subarray(0, PEEK_BYTES - have);
        this.#start.set(more, have);
        this.head = this.#start.subarray(0, have + more.length);
        return;
      }
    }
  }

  /** From now on chunks are read into these buffers. */
  readInto(nextBuffer: ChunkReading['nextBuffer']): void {
    this.#next.buffer = nextBuffer;
  }

  /** Gives it up. */
  async close(): Promise<void> {
    this.taken.length = 0;
    await this.iterator.return?.();
  }
}
