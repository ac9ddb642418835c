import { type ByteSource, FILE_BUFFERS } from '../bytes/sources.ts';
import type { RecordBatch } from '../formats/batch.ts';
import type { CodecOptions } from '../formats/codec-options.ts';
import { newReadStats, placed, type ReadStats } from '../formats/corruption.ts';
import type { RecordCodec, RecordDecoder, RecordFormat } from '../formats/record-format.ts';
import { alreadyRead, onceAsync } from './once.ts';
import type { PeekedSource } from './peeked-source.ts';
import { readOptions, reusedChunkBytes, type SourceOptions } from './read-options.ts';
import { openRecordSource } from './record-source.ts';

/** Batches of records as they are read. */
export type Batches = AsyncGenerator<RecordBatch, void, undefined>;

/**
 * The records of a source in batches of up to about 1 MiB, counted in `stats`.
 * @throws UsageError immediately, for an invalid option value
 */
export function readBatches<O extends CodecOptions>(
  format: RecordFormat<O> | RecordCodec<O>,
  source: ByteSource | PeekedSource,
  given: Partial<O & SourceOptions> = {},
  stats: ReadStats = newReadStats(),
): Batches {
  const preset = given.reuse ? { chunkBytes: reusedChunkBytes(given.blocking) } : undefined;
  const options = readOptions(format, { ...preset, ...given });
  return onceAsync(batches(format, source, options, stats), READ_AGAIN);
}

/** What to do about a reader that has been iterated. */
export const READ_AGAIN = 'call the function that opened them again';

/**
 * Iterates over the records of one source, once. Each is a view (`Uint8Array`) of its payload's bytes.
 * A second `for await` fails with `closed` after the first has ended.
 */
export class RecordReader implements AsyncIterableIterator<Uint8Array> {
  /** What has been read so far. */
  readonly stats: ReadStats = newReadStats();
  readonly #batches: Batches;
  #batch: RecordBatch | undefined;
  #next = 0;
  #ended = false;

  /** @param open starts the reading, counting in the reader's `stats` */
  constructor(open: (stats: ReadStats) => Batches) {
    this.#batches = open(this.stats);
  }

  /** @throws RecordpipeError `closed` once the records have been read, or the reader has been closed */
  [Symbol.asyncIterator](): this {
    if (this.#ended) throw alreadyRead(READ_AGAIN);
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
    this.#end();
    await this.#batches.return();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #pull(): Promise<IteratorResult<Uint8Array>> {
    const { done, value } = await this.#batches.next().catch((error: unknown) => {
      this.#end();
      throw error;
    });
    if (done) {
      this.#end();
      return { done: true, value: undefined };
    }
    this.#batch = value;
    this.#next = 1;
    return { done: false, value: value.record(0) };
  }

  #end(): void {
    this.#ended = true;
    this.#batch = undefined;
  }
}

async function* batches<O extends CodecOptions>(
  format: RecordFormat<O> | RecordCodec<O>,
  source: ByteSource | PeekedSource,
  options: O & SourceOptions,
  stats: ReadStats,
): Batches {
  const { start, copy } = options;
  const codec = 'codec' in format ? await format.codec() : format;
  const own = options.reuse ? codec.own(options.chunkBytes, FILE_BUFFERS) : undefined;
  const opened = await openRecordSource(source, options, codec.detectCompression, own?.nextBuffer);
  const { uri, compression, size } = opened;
  const from = { uri, size, compressed: compression !== 'none', start };
  const decoder = (own ?? codec).decoder(options, from, stats);
  const chunks = opened.chunks[Symbol.asyncIterator]();
  try {
    while (!decoder.ended) {
      const { done, value } = await nextChunk(chunks, decoder);
      if (done) decoder.end();
      else decoder.push(value);
      for (let batch = decoder.next(); batch !== null; batch = decoder.next())
        yield copy ? batch.copying() : batch;
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
