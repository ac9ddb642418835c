import { checkAborted, onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import type { CodecOptions } from '../../formats/codec-options.ts';
import type { Framer, RecordFormat } from '../../formats/record-format.ts';
import { discardOutput } from '../../storage/output.ts';
import type { Output, Sink, Unnamed } from '../../storage/storage.ts';
import { type ScanOptions, scanSource } from '../scan-source.ts';
import { FrameQueue } from './frame-queue.ts';
import { type Appendable, prepareOutput } from './prepare-output.ts';
import { type RecordWriteOptions, writeOptions } from './write-options.ts';

/** The result of a closed writer. */
export interface WrittenFile {
  /** Path or address of the file. */
  readonly path: string;
  /** Number of records written by this writer. */
  readonly records: number;
  /** Total payload size of these records, in bytes. */
  readonly payloadBytes: number;
  /** Number of bytes that the writer added to the file, after compression. */
  readonly bytes: number;
}

/** A closed file that still has its temporary name. */
export interface UnnamedFile {
  readonly written: WrittenFile;
  readonly file: Unnamed;
}

/** A format as seen by writers. */
export interface WriteFormat<O extends RecordWriteOptions = RecordWriteOptions> {
  readonly name: string;
  /**
   * Completes the options with defaults and checks them.
   * @throws UsageError for an invalid value
   */
  writeOptions(given: Partial<O> | undefined): O;
  /**
   * Checks that the format can represent a payload.
   * @throws the same errors as `RecordFormat.checkPayload`
   */
  checkPayload(payload: Uint8Array, options: O): void;
  framer(options: O): Framer | Promise<Framer>;
  /**
   * Checks that records can be appended to an existing file, and returns its contents.
   * @throws RecordpipeError errors at the end of the file; `unsupported-source`
   */
  checkAppendable(path: string, options: O): Promise<Appendable>;
}

/** Returns the writing interface of a format of the registry. */
export function writingOf<R extends CodecOptions, W extends object>(
  format: RecordFormat<R, W>,
): WriteFormat<RecordWriteOptions & W> {
  return {
    name: format.name,
    writeOptions: (given) => ({ ...writeOptions(given), ...format.writeOptions(given) }),
    checkPayload: (payload, options) => format.checkPayload(payload, options),
    framer: (options) => format.framer(options),
    async checkAppendable(path, options) {
      const check = format.appendCheck(options);
      const scan = { ...check.options, maxErrors: 1 } as Partial<ScanOptions<R>>;
      const { compression, records, errors, warnings } = await scanSource(format, path, scan);
      if (errors.length > 0) throw errors[0];
      if (warnings > 0 && check.onWarning !== undefined)
        throw new RecordpipeError('unsupported-source', check.onWarning, { uri: path });
      return { compression, records };
    },
  };
}

/**
 * Opens a file of a format for writing.
 * @param renamed whether `finishUnnamed` will be called and the file will receive another name
 */
export async function openWriter<O extends RecordWriteOptions>(
  format: WriteFormat<O>,
  path: string | URL,
  given?: Partial<O>,
  renamed = false,
): Promise<RecordWriter> {
  const options = format.writeOptions(given);
  checkAborted(options.signal);
  const target = await prepareOutput(path, options, {
    compression: given?.compression,
    checkAppendable: (existing) => format.checkAppendable(existing, options),
    renamed,
  });
  return new RecordWriter(target, await format.framer(options), options);
}

/**
 * Checks a payload.
 * @throws UsageError for any value except a `Uint8Array`, and for one whose buffer is detached
 */
export function checkPayload(payload: Uint8Array): void {
  if (!(payload instanceof Uint8Array))
    throw new UsageError(`write: expected a record as Uint8Array, got ${typeof payload}`);
  if (payload.length === 0 && isDetached(payload.buffer))
    throw new UsageError(
      'write: the buffer of this record is detached, because it was moved to another thread; pass a copy',
    );
}

/** Reports whether a buffer is detached. Node 20 has no `ArrayBuffer.prototype.detached`. */
function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/**
 * Writes the records of one file, in order. Returned by `openTFRecordWriter` and the other
 * functions that open a file.
 */
export class RecordWriter implements AsyncDisposable {
  /** Path or address of the file. */
  readonly path: string;
  #records = 0;
  #payloadBytes = 0;
  #frameBytes = 0;
  readonly #framer: Framer;
  readonly #target: Output;
  readonly #sink: Sink;
  readonly #signal: AbortSignal | undefined;
  readonly #queue: FrameQueue;
  #closed: Promise<WrittenFile> | undefined;

  /** @hideconstructor */
  constructor(target: Output, framer: Framer, options: RecordWriteOptions) {
    this.path = target.path;
    this.#target = target;
    this.#framer = framer;
    this.#sink = target.sink;
    this.#signal = options.signal;
    this.#queue = new FrameQueue(target.sink, framer, options.bufferBytes);
    if (options.signal?.aborted) this.#onAbort();
    else onAbort(options.signal, this.#onAbort);
  }

  /** Number of records accepted so far. */
  get records(): number {
    return this.#records;
  }

  /**
   * Returns the uncompressed size of the frame of a payload in bytes.
   * @throws the same errors as `write` for a payload that the format cannot represent
   */
  frameBytesOf(payload: Uint8Array): number {
    return this.#framer.frameBytes(payload);
  }

  /** Uncompressed size of the frames of all accepted records in bytes. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** The error that stopped the writer, if any. */
  get failure(): unknown {
    return this.#queue.failure;
  }

  /** Number of bytes that the writer has added to the file so far, after compression. */
  get storedBytes(): number {
    return this.#sink.bytes;
  }

  /**
   * Accepts one record. Returns `undefined` if the payload has been copied, which is the usual
   * case. Returns a promise if the disk cannot keep up; do not change the payload until it settles.
   * `await writer.write(payload)` is correct in both cases. Records keep their order even if the
   * caller does not wait.
   *
   * @throws RecordpipeError `closed`, `aborted`, or the error that stopped the writer
   *   (`io-failure`, …), also from the promise; `record-too-large`, `unrepresentable` for a payload
   *   that the format cannot represent; the writer then drops that record and remains usable
   * @throws UsageError for a payload that is too large for TFRecord (2^32 - 64 bytes) or is not a
   *   `Uint8Array`
   */
  write(payload: Uint8Array): Promise<void> | undefined {
    this.#checkUsable();
    checkPayload(payload);
    const frameBytes = this.#framer.frameBytes(payload);
    this.#records++;
    this.#payloadBytes += payload.length;
    this.#frameBytes += frameBytes;
    return this.#queue.push(payload, frameBytes);
  }

  /**
   * Writes all accepted records to the file. Readers can then see them if the file is written in
   * place.
   */
  async flush(): Promise<void> {
    this.#checkUsable();
    await this.#queue.afterAll(() => this.#sink.flush());
  }

  /**
   * Writes the remaining records, closes the file and renames it to its final name. Later calls
   * return the same promise.
   */
  close(): Promise<WrittenFile> {
    this.#closed ??= this.#finish(true);
    return this.#closed;
  }

  /**
   * Discards the output: removes the temporary file, keeps an older file of the same name, and
   * removes appended records. A file written in place (`atomic: false`) keeps its contents. After
   * `close`, it only waits for `close` to finish.
   */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    const failure = new RecordpipeError('closed', 'the writer was aborted', { uri: this.path });
    this.#closed = Promise.reject(failure);
    this.#closed.catch(() => {});
    await this.#discard(failure);
  }

  /**
   * Aborts unless `close` was called, so that an exception that leaves an `await using` block
   * publishes nothing. Call `close` at the end of the block.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  /**
   * Like `close`, but leaves the file under its temporary name, so that several files can be
   * renamed together.
   * @internal
   */
  async finishUnnamed(): Promise<UnnamedFile> {
    this.#closed ??= this.#finish(false);
    // Return the file instead of the writer, which holds more memory.
    const { file } = this.#target;
    return { written: await this.#closed, file };
  }

  async #finish(named: boolean): Promise<WrittenFile> {
    try {
      await this.#queue.afterAll(() => this.#sink.close());
      this.#queue.release();
      if (named) await this.#target.file.name(this.path);
    } catch (error) {
      await this.#discard(error);
      throw error;
    } finally {
      this.#signal?.removeEventListener('abort', this.#onAbort);
    }
    return {
      path: this.path,
      records: this.#records,
      payloadBytes: this.#payloadBytes,
      bytes: this.#sink.bytes,
    };
  }

  readonly #onAbort = (): void => {
    const { reason } = this.#signal ?? {};
    const failure = new RecordpipeError('aborted', 'aborted by its signal', { uri: this.path }, reason);
    this.#queue.failure ??= failure;
    // If `close` was called, it reports the failure.
    if (this.#closed === undefined) void this.#discard(failure);
  };

  async #discard(failure: unknown): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#queue.failure ??= failure;
    await this.#queue.settled();
    this.#queue.release();
    await discardOutput(this.#target);
  }

  #checkUsable(): void {
    if (this.#queue.failure !== undefined) throw this.#queue.failure;
    if (this.#closed !== undefined)
      throw new RecordpipeError('closed', 'the writer is closed', { uri: this.path });
  }
}
