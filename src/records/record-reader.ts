import type { ByteSource } from '../bytes/sources.ts';
import { FILE_BUFFERS } from '../bytes/sources.ts';
import { ByteWindow } from '../bytes/window.ts';
import type { ErrorPlace } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';
import { newReadStats, type ReadStats } from '../formats/corruption.ts';
import { type ReadOptions, reusedChunkBytes } from '../formats/read-options.ts';
import type { DecoderSource, RecordDecoder, RecordFormat } from '../formats/record-format.ts';
import type { PeekedSource } from './identify-source.ts';
import { alreadyRead, onceAsync } from './once.ts';
import { openRecordSource, placed } from './record-source.ts';

/** Where a decoder stands: what has come of the stream and is not yet used, and what came of the rest. */
export class RecordCursor {
  readonly window: ByteWindow = new ByteWindow();
  readonly stats: ReadStats;
  /** Index of the next record. A corrupted place that is passed over counts as one record. */
  record = 0;
  /** Whether no more chunks come. */
  final = false;
  readonly #source: DecoderSource;

  /** @param start position in the stream of the first byte */
  constructor(source: DecoderSource, stats: ReadStats, start: number) {
    this.#source = source;
    this.stats = stats;
    this.window.base = start;
    this.record = source.start?.record ?? 0;
  }

  /** A place in the stream, as errors name it; default: where the window begins. */
  place(offset: number = this.window.position): ErrorPlace {
    const { uri, compressed } = this.#source;
    return { uri, compressed, record: this.record, offset };
  }

  /** Bytes that the stream has from the window's position on, where that is known and not all of them have been pushed; else infinite. */
  get streamHas(): number {
    const { size } = this.#source;
    if (size === undefined || this.final) return Number.POSITIVE_INFINITY;
    return Math.max(size() - this.window.position, this.window.unread);
  }

  /** Counts good records. */
  count(records: number, payloadBytes: number): void {
    this.record += records;
    this.stats.records += records;
    this.stats.payloadBytes += payloadBytes;
  }

  /** Passes over bytes that are no record. */
  skip(bytes: number): void {
    this.window.at += bytes;
    this.stats.skippedBytes += bytes;
  }
}

/** Whether `bytes[from, to)` are all zero. */
export function allZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}

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
  const options = format.readOptions({ ...preset, ...given });
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

async function* batches<O extends ReadOptions>(
  format: RecordFormat<O>,
  source: ByteSource | PeekedSource,
  options: O,
  stats: ReadStats,
): Batches {
  const { start, copy } = options;
  const own = options.reuse ? format.own(options.chunkBytes, FILE_BUFFERS) : undefined;
  const opened = await openRecordSource(source, options, format.detectCompression, own?.nextBuffer);
  const { uri, compression, size } = opened;
  const from = { uri, size, compressed: compression !== 'none', start };
  const decoder = (own ?? format).decoder(options, from, stats);
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
