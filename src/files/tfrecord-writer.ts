import { checkAborted } from '../bytes/abortable.ts';
import { RecordpipeError } from '../errors.ts';
import { MAX_RECORD_BYTES, OVERHEAD_BYTES } from '../framing/tfrecord-layout.ts';
import { FrameQueue } from './frame-queue.ts';
import type { Sink } from './sink.ts';
import { prepareTarget, type Target } from './target.ts';
import { type TFRecordWriteOptions, writeOptions } from './write-options.ts';

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
  readonly file: WrittenFile;
  name(path: string): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Opens a TFRecord file for writing; by default it appears under its name, whole, when the writer is closed.
 *
 * `await using` closes the writer however its block is left, also by an exception of other code: call `abort()` before where a file with
 * fewer records must not appear.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; appending: `unsupported-source` where the file's compression differs or cannot be
 * appended to, and what reading it finds where it does not end with a whole record
 * @throws RangeError for an option value that no option has
 * @example
 * ```ts
 * import { openTFRecordWriter } from 'recordpipe/files';
 * await using writer = await openTFRecordWriter('numbers.tfrecord');
 * for (let i = 0; i < 10; i++) await writer.write(Uint8Array.of(i));
 * ```
 */
export async function openTFRecordWriter(
  path: string | URL,
  given?: Partial<TFRecordWriteOptions>,
): Promise<TFRecordWriter> {
  const options = writeOptions(given);
  checkAborted(options.signal);
  const target = await prepareTarget(path, options, given?.compression);
  return new TFRecordWriter(target, options);
}

/** Writes the records of one file, in order. Made by {@link openTFRecordWriter}. */
export class TFRecordWriter implements AsyncDisposable {
  readonly path: string;
  #records = 0;
  #payloadBytes = 0;
  readonly #target: Target;
  readonly #sink: Sink;
  readonly #signal: AbortSignal | undefined;
  readonly #queue: FrameQueue;
  #closed: Promise<WrittenFile> | undefined;

  constructor(target: Target, options: TFRecordWriteOptions) {
    this.path = target.path;
    this.#target = target;
    this.#sink = target.sink;
    this.#signal = options.signal;
    this.#queue = new FrameQueue(target.sink, options.bufferBytes);
    if (options.signal?.aborted) this.#onAbort();
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Records taken so far. */
  get records(): number {
    return this.#records;
  }

  /** Bytes that the records taken so far need, uncompressed. */
  get frameBytes(): number {
    return this.#payloadBytes + this.#records * OVERHEAD_BYTES;
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
   * @param payload at most 2^32 - 64 bytes
   * @throws RecordpipeError `closed`, `aborted`, or (also from the promise) what kept an earlier record from being written: `io-failure`, …
   * @throws RangeError when the payload is larger; TypeError when it is no `Uint8Array`
   */
  write(payload: Uint8Array): Promise<void> | undefined {
    this.#checkUsable();
    if (!(payload instanceof Uint8Array))
      throw new TypeError(`write: expected a record as Uint8Array, got ${typeof payload}`);
    if (payload.length > MAX_RECORD_BYTES) {
      throw new RangeError(`write: a record has at most ${MAX_RECORD_BYTES} bytes, got ${payload.length}`);
    }
    this.#records++;
    this.#payloadBytes += payload.length;
    return this.#queue.push(payload);
  }

  /** Puts everything taken so far into the file, so that readers of a file written in place see it. */
  async flush(): Promise<void> {
    this.#checkUsable();
    await this.#queue.drain();
    await this.#sink.flush();
  }

  /** Writes what is left, closes the file and gives it its name. Calling it again gives the same answer. */
  close(): Promise<WrittenFile> {
    this.#closed ??= this.#finish(true);
    return this.#closed;
  }

  /**
   * Gives the file up: what has no name yet is removed, an older file of the name stays, what was appended is taken back. A file written in
   * place otherwise (`atomic: false`) keeps what it has got.
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

  /** Closes; after a failure, gives the file up. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#queue.failure === undefined) await this.close();
    else await this.abort();
  }

  /** Like `close`, but leaves the file under its temporary name: for those who name several files at once. */
  async finishUnnamed(): Promise<UnnamedFile> {
    this.#closed ??= this.#finish(false);
    const file = await this.#closed;
    return { file, name: (path) => this.#target.name(path), discard: () => this.#target.discard() };
  }

  async #finish(named: boolean): Promise<WrittenFile> {
    try {
      await this.#queue.drain();
      await this.#sink.close();
      if (this.#queue.failure !== undefined) throw this.#queue.failure;
      if (named) await this.#target.name(this.path);
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
    await this.#target.discard();
  }

  #checkUsable(): void {
    if (this.#queue.failure !== undefined) throw this.#queue.failure;
    if (this.#closed !== undefined)
      throw new RecordpipeError('closed', 'the writer is closed', { uri: this.path });
  }
}
