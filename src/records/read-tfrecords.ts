import { FILE_BUFFERS } from '../bytes/file-buffers.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { ownTFRecordScanner } from '../framing/tfrecord-scanner.ts';
import type { RecordBatch } from './batch.ts';
import { openTFRecordSource, placed } from './compression.ts';
import { newReadStats, type ReadStats } from './corruption.ts';
import { readOptions, reusedChunkBytes, type TFRecordReadOptions } from './read-options.ts';
import { TFRecordDecoder } from './tfrecord-decoder.ts';

/**
 * The records of a TFRecord file or stream, one by one, as views (`Uint8Array`) of the payload bytes. Both checksums of every
 * record are verified before it is handed out; the source is closed when the loop ends, however it ends.
 *
 * A record stays valid as long as it is kept (it keeps its chunk of `chunkBytes` alive), unless `reuse` is set.
 *
 * @param source a path, `file:` URL, descriptor or `-` (Node), bytes, Blob, Response, web or Node stream, or any (async) iterable of chunks
 * @param options see {@link TFRecordReadOptions}; default: everything verified, compression found by content
 * @throws RecordpipeError while iterating, after all good records before the place: `length-checksum`, `data-checksum`, `truncated-header`,
 * `truncated-record`, `record-too-large`, `truncated-compressed-stream`, `corrupt-compressed-stream`, `trailing-garbage`, `not-found`,
 * `access-denied`, `io-failure`, `unsupported-source`, `aborted`
 * @throws RangeError for an unknown option value
 * @example
 * ```ts
 * import { encodeTFRecord, readTFRecords } from 'recordpipe';
 * const file = new Blob([encodeTFRecord(new TextEncoder().encode('hello'))]);
 * for await (const record of readTFRecords(file)) console.log(new TextDecoder().decode(record)); // hello
 * ```
 */
export function readTFRecords(source: ByteSource, options?: Partial<TFRecordReadOptions>): TFRecordReader {
  return new TFRecordReader(source, options);
}

/**
 * The same records, in batches of up to about 1 MiB: for those who count in millions per second.
 *
 * @throws as {@link readTFRecords}
 * @example
 * ```ts
 * import { encodeTFRecord, readTFRecordBatches } from 'recordpipe';
 * let records = 0;
 * for await (const batch of readTFRecordBatches([encodeTFRecord(new Uint8Array(10))])) records += batch.length;
 * console.log(records); // 1
 * ```
 */
export function readTFRecordBatches(
  source: ByteSource,
  options?: Partial<TFRecordReadOptions>,
): AsyncGenerator<RecordBatch, void, undefined> {
  return batches(source, readerOptions(options), newReadStats());
}

/** Iterates over the records of one source, once. */
export class TFRecordReader implements AsyncIterableIterator<Uint8Array> {
  /** What has been read so far. */
  readonly stats: ReadStats = newReadStats();
  readonly #batches: AsyncGenerator<RecordBatch, void, undefined>;
  #batch: RecordBatch | undefined;
  #next = 0;

  constructor(source: ByteSource, options?: Partial<TFRecordReadOptions>) {
    this.#batches = batches(source, readerOptions(options), this.stats);
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

function readerOptions(given: Partial<TFRecordReadOptions> = {}): TFRecordReadOptions {
  return readOptions(given.reuse ? { chunkBytes: reusedChunkBytes(given.blocking), ...given } : given);
}

async function* batches(
  source: ByteSource,
  options: TFRecordReadOptions,
  stats: ReadStats,
): AsyncGenerator<RecordBatch, void, undefined> {
  const own = options.reuse ? ownTFRecordScanner(options.chunkBytes, FILE_BUFFERS) : undefined;
  const opened = await openTFRecordSource(source, options, own?.nextBuffer);
  const { uri, compression, size } = opened;
  const decoder = new TFRecordDecoder(
    options,
    { uri, size, compressed: compression !== 'none' },
    stats,
    own?.scanner,
  );
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
  decoder: TFRecordDecoder,
): Promise<IteratorResult<Uint8Array, undefined>> {
  try {
    return await chunks.next();
  } catch (error) {
    throw placed(error, decoder.place);
  }
}
