import { FILE_BUFFERS } from '../bytes/file-buffers.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { RecordBatch } from './batch.ts';
import { newReadStats, type ReadStats } from './corruption.ts';
import type { PeekedSource } from './peeked-source.ts';
import { type ReadOptions, reusedChunkBytes } from './read-options.ts';
import type { RecordDecoder } from './record-decoder.ts';
import type { RecordFormat } from './record-format.ts';
import { openRecordSource, placed } from './record-source.ts';

/** Batches of records as they are read. */
export type Batches = AsyncGenerator<RecordBatch, void, undefined>;

/**
 * The records of a source in batches of up to about 1 MiB, counted in `stats`.
 * @throws UsageError at once, for an unknown option value
 */
export function readBatches<O extends ReadOptions>(
  format: RecordFormat<O>,
  source: ByteSource | PeekedSource,
  given: Partial<O> = {},
  stats: ReadStats = newReadStats(),
): Batches {
  const preset = given.reuse ? { chunkBytes: reusedChunkBytes(given.blocking) } : undefined;
  return batches(format, source, format.readOptions({ ...preset, ...given }), stats);
}

/** Iterates over the records of one source, once. Each is a view (`Uint8Array`) of its payload's bytes. */
export class RecordReader implements AsyncIterableIterator<Uint8Array> {
  /** What has been read so far. */
  readonly stats: ReadStats = newReadStats();
  readonly #batches: Batches;
  #batch: RecordBatch | undefined;
  #next = 0;

  /** @param open starts the reading, counting in the reader's `stats` */
  constructor(open: (stats: ReadStats) => Batches) {
    this.#batches = open(this.stats);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next record. One call at a time. */
  next(): Promise<IteratorResult<Uint8Array>> {
    const batch = this.#batch;
    if (batch !== undefined && this.#next < batch.length) {
      return Promise.resolve({ done: false, value: batch.record(this.#next++) });
    }
    return this.#pull();
  }

  /** Ends the reading and closes the source. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#batch = undefined;
    await this.#batches.return();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #pull(): Promise<IteratorResult<Uint8Array>> {
    const { done, value } = await this.#batches.next();
    if (done) {
      this.#batch = undefined;
      return { done: true, value: undefined };
    }
    this.#batch = value;
    this.#next = 1;
    return { done: false, value: value.record(0) };
  }
}

async function* batches<O extends ReadOptions>(
  format: RecordFormat<O>,
  source: ByteSource | PeekedSource,
  options: O,
  stats: ReadStats,
): Batches {
  const own = options.reuse ? format.own(options.chunkBytes, FILE_BUFFERS) : undefined;
  const opened = await openRecordSource(source, options, format.detectCompression, own?.nextBuffer);
  const { uri, compression, size } = opened;
  const decoder = (own ?? format).decoder(options, { uri, size, compressed: compression !== 'none' }, stats);
  const chunks = opened.chunks[Symbol.asyncIterator]();
  try {
    while (!decoder.ended) {
      const { done, value } = await nextChunk(chunks, decoder);
      if (done) decoder.end();
      else decoder.push(value);
      for (let batch = decoder.next(); batch !== null; batch = decoder.next()) yield batch;
      if (done) return;
    }
  } finally {
    await chunks.return?.();
  }
}

async function nextChunk(
  chunks: AsyncIterator<Uint8Array>,
  decoder: RecordDecoder,
): Promise<IteratorResult<Uint8Array, undefined>> {
  try {
    return await chunks.next();
  } catch (error) {
    throw placed(error, decoder.place);
  }
}
