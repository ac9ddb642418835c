import { checkAborted, onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import type { CodecOptions } from '../../formats/codec-options.ts';
import type { Framer, RecordFormat } from '../../formats/record-format.ts';
import { discardOutput } from '../../storage/output.ts';
import type { Output, Sink, Unnamed } from '../../storage/storage.ts';
import { type ScanOptions, scanSource } from '../scan-source.ts';
import { FrameQueue } from './frame-queue.ts';
import { type Appendable, prepareOutput } from './prepare-output.ts';
import type { RecordWriteOptions } from './write-options.ts';
import { writeOptions } from './write-options.ts';

/** What a closed writer has written. */
export interface WrittenFile {
  readonly path: string;
  /** Records written by this writer. */
  readonly records: number;
  /** Their payload bytes. */
  readonly payloadBytes: number;
  /** Bytes that the writer added to the file, as stored. */
  readonly bytes: number;
}

/** A closed file that still has its temporary name. */
export interface UnnamedFile {
  readonly written: WrittenFile;
  readonly file: Unnamed;
}

/** How writers see a format. */
export interface WriteFormat<O extends RecordWriteOptions = RecordWriteOptions> {
  readonly name: string;
  /**
   * The complete options.
   * @throws UsageError for an invalid value
   */
  writeOptions(given: Partial<O> | undefined): O;
  /** @throws as `RecordFormat.checkPayload` */
  checkPayload(payload: Uint8Array, options: O): void;
  framer(options: O): Framer | Promise<Framer>;
  /**
   * Makes sure that records can be appended to an existing file, and returns its contents.
   * @throws RecordpipeError what is wrong with its end, or `unsupported-source`
   */
  checkAppendable(path: string, options: O): Promise<Appendable>;
}

/** A format of the registry as writers see it. */
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
 * @param renamed whether it will get another name than this (`finishUnnamed`)
 */
export async function openWriter<O extends RecordWriteOptions>(
  format: WriteFormat<O>,
  path: string | URL,
  given?: Partial<O>,
  renamed = false,
): Promise<RecordWriter> {
  const options = format.writeOptions(given);
  checkAborted(options.signal);
  const check = (existing: string): Promise<Appendable> => format.checkAppendable(existing, options);
  const target = await prepareOutput(path, options, given?.compression, check, renamed);
  return new RecordWriter(target, await format.framer(options), options);
}

/** @throws UsageError for anything but bytes: other things have a length as well, and would be written as something else */
export function checkPayload(payload: Uint8Array): void {
  if (!(payload instanceof Uint8Array))
    throw new UsageError(`write: expected a record as Uint8Array, got ${typeof payload}`);
  if (payload.length === 0 && isDetached(payload.buffer))
    throw new UsageError(
      'write: the buffer of this record is detached: it was moved to another thread before; pass a copy',
    );
}

/** Node 20 has no `ArrayBuffer.prototype.detached`. */
function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Writes the records of one file, in order. Made by `openTFRecordWriter` and the like. */
export class RecordWriter implements AsyncDisposable {
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

  /** Records taken so far. */
  get records(): number {
    return this.#records;
  }

  /** Bytes that the frame of this payload would take, uncompressed. @throws as `write` for what the format cannot hold */
  frameBytesOf(payload: Uint8Array): number {
    return this.#framer.frameBytes(payload);
  }

  /** Bytes that the records taken so far need, uncompressed. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** What keeps the writer from taking more, if anything does. */
  get failure(): unknown {
    return this.#queue.failure;
  }

  /** Bytes that the writer has put into the file so far, as stored. */
  get storedBytes(): number {
    return this.#sink.bytes;
  }

  /**
   * Takes one record. Returns `undefined` when the payload has been copied, which is nearly always; else, when the disk is behind, a
   * promise: the payload must stay as it is until that settles. `await writer.write(payload)` is right in both cases; order is kept
   * even for those who do not wait.
   *
   * @throws RecordpipeError `closed`, `aborted`, or (also from the promise) what kept an earlier record from being written: `io-failure`, …; for a payload
   * that the format cannot hold `record-too-large`, `unrepresentable`: it is not taken, and the writer goes on
   * @throws UsageError when the payload is too large for TFRecord (2^32 - 64 bytes); UsageError when it is no `Uint8Array`
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

  /** Puts everything taken so far into the file, so that readers of a file written in place see it. */
  async flush(): Promise<void> {
    this.#checkUsable();
    await this.#queue.behind(() => this.#sink.flush());
  }

  /** Writes what is left, closes the file and gives it its name. Calling it again gives the same answer. */
  close(): Promise<WrittenFile> {
    this.#closed ??= this.#finish(true);
    return this.#closed;
  }

  /**
   * Gives the file up: what has no name yet is removed, an older file of the name stays, what was appended is taken back. A file
   * written in place (`atomic: false`) keeps what it has. After `close` this does nothing but wait for it.
   */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    const failure = new RecordpipeError('closed', 'the writer was aborted', { uri: this.path });
    this.#closed = Promise.reject(failure);
    this.#closed.catch(() => {});
    await this.#giveUp(failure);
  }

  /**
   * Aborts, unless `close` was called: leaving an `await using` block by an exception publishes nothing.
   * Call `close` at the end of the block.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  /**
   * Like `close`, but leaves the file under its temporary name, for naming several files at once.
   * @internal
   */
  async finishUnnamed(): Promise<UnnamedFile> {
    this.#closed ??= this.#finish(false);
    // Not the writer itself, which holds more memory than the file's name.
    const { file } = this.#target;
    return { written: await this.#closed, file };
  }

  async #finish(named: boolean): Promise<WrittenFile> {
    try {
      await this.#queue.behind(() => this.#sink.close());
      this.#queue.release();
      if (named) await this.#target.file.name(this.path);
    } catch (error) {
      await this.#giveUp(error);
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
    // Else `close` is under way and finds the failure.
    if (this.#closed === undefined) void this.#giveUp(failure);
  };

  async #giveUp(failure: unknown): Promise<void> {
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
