import { type ByteSource, FILE_BUFFERS } from '../bytes/sources.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';
import type { CodecOptions } from '../formats/codec-options.ts';
import { newReadStats, placed, type ReadStats } from '../formats/corruption.ts';
import type { RecordCodec, RecordDecoder, RecordFormat } from '../formats/record-format.ts';
import { putScanning, takeScanning } from './own-scanning.ts';
import type { PeekedSource } from './peeked-source.ts';
import { readOptions, type SourceOptions } from './read-options.ts';
import { openRecordSource } from './record-source.ts';

/** Batches of records, in the order in which they are read. */
export type Batches = AsyncGenerator<RecordBatch, void, undefined>;

/**
 * Reads the records of a source in batches of up to about 1 MiB, and counts them in `stats`.
 * @throws UsageError immediately, for an invalid option value
 */
export function readBatches<O extends CodecOptions>(
  format: RecordFormat<O> | RecordCodec<O>,
  source: ByteSource | PeekedSource,
  given: Partial<O & SourceOptions> = {},
  stats: ReadStats = newReadStats(),
): Batches {
  const options = readOptions(format, given);
  return onceAsync(batches(format, source, options, stats), READ_AGAIN);
}

/** The suggested next step after a reader has been iterated. */
export const READ_AGAIN = 'open them again with the function that returned them';

/**
 * Iterates over the records of one source. It can be iterated only once. Each record is a view
 * (`Uint8Array`) of the bytes of its payload. A second `for await` fails with `closed` after the
 * first one has ended.
 */
export class RecordReader implements AsyncIterableIterator<Uint8Array> {
  /** Statistics of the data read so far. */
  readonly stats: ReadStats = newReadStats();
  readonly #batches: Batches;
  #batch: RecordBatch | undefined;
  #next = 0;
  #ended = false;

  /** @param open starts reading, and adds to the given statistics */
  constructor(open: (stats: ReadStats) => Batches) {
    this.#batches = open(this.stats);
  }

  /**
   * Returns this reader.
   * @throws RecordpipeError `closed` if all records have been read or the reader has been closed
   */
  [Symbol.asyncIterator](): this {
    if (this.#ended) throw alreadyRead(READ_AGAIN);
    return this;
  }

  /** Returns the next record. Only one call may be in progress at a time. */
  next(): Promise<IteratorResult<Uint8Array>> {
    const batch = this.#batch;
    if (batch !== undefined && this.#next < batch.length) {
      return Promise.resolve({ done: false, value: batch.record(this.#next++) });
    }
    return this.#pull();
  }

  /** Stops reading and closes the source. */
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
  // Without read-ahead, there are only the current chunk and the previous one, in which a record may
  // begin.
  const buffers = options.blocking ? 2 : FILE_BUFFERS;
  const own = options.reuse ? takeScanning(codec, options.chunkBytes, buffers) : undefined;
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
      if (done) {
        if (own !== undefined) putScanning(codec, options.chunkBytes, buffers, own);
        return;
      }
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

// A generator that is iterated a second time yields nothing, like an empty file. These functions
// make it throw instead.

/**
 * Makes a second iteration fail once the generator has ended or has been closed.
 * @param again how the caller can start over
 */
export function onceAsync<T>(
  generator: AsyncGenerator<T, void, undefined>,
  again: string,
): AsyncGenerator<T, void, undefined> {
  let ended = false;
  const next = generator.next.bind(generator);
  const close = generator.return.bind(generator);
  const end = (): void => {
    ended = true;
  };
  generator.next = () => {
    const step = next();
    // This runs on a separate promise, because the caller's promise must not take another
    // event-loop turn.
    step.then(({ done }) => {
      if (done) ended = true;
    }, end);
    return step;
  };
  generator.return = (value) => {
    ended = true;
    return close(value);
  };
  generator[Symbol.asyncIterator] = () => {
    if (ended) throw alreadyRead(again);
    return generator;
  };
  return generator;
}

/**
 * Like {@link onceAsync}, but for a synchronous generator that sets `state.ended` in its `finally`,
 * because counting calls to `next` would slow down every record.
 */
export function onceSync<T>(
  make: (state: { ended: boolean }) => Generator<T, void, undefined>,
  again: string,
): Generator<T, void, undefined> {
  const state = { ended: false };
  const generator = make(state);
  generator[Symbol.iterator] = () => {
    if (state.ended) throw alreadyRead(again);
    return generator;
  };
  return generator;
}

/** Returns the error for records that are iterated a second time. */
export function alreadyRead(again: string): RecordpipeError {
  return new RecordpipeError(
    'closed',
    `these elements can be read only once, and have already been read; ${again}`,
  );
}

/**
 * A pair of web streams for `pipeThrough` that accepts bytes and returns records.
 * (`ReadableWritablePair` requires DOM types.)
 */
export interface DecoderStream {
  /** The records. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The bytes of a file, in chunks of any size. */
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * Returns a pair of web streams that decodes the bytes of a file. The readable side fails with the
 * errors of the reader.
 */
export function decoderStream(read: (bytes: ReadableStream<Uint8Array>) => RecordReader): DecoderStream {
  let bytes: TransformStreamDefaultController<Uint8Array> | undefined;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      bytes = controller;
    },
  });
  const records = read(readable);
  const decoded = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await records.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      // Ends a pull that waits for bytes that may never arrive, and propagates the error to the
      // writable side.
      bytes?.error(reason);
      await records.return();
    },
  });
  return { readable: decoded, writable };
}

/**
 * Returns a web stream that encodes records.
 * @param name name of the public function, for its error
 */
export function encoderStream(
  name: string,
  encode: (record: Uint8Array) => Uint8Array,
): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(record, controller) {
      if (!(record instanceof Uint8Array))
        throw new UsageError(`${name}: expected records as Uint8Array, got ${typeof record}`);
      controller.enqueue(encode(record));
    },
  });
}
