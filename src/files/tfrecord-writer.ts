import { RecordpipeError } from '../errors.ts';
import { encodeTFRecord } from '../framing/tfrecord-encode.ts';
import { MAX_RECORD_BYTES, OVERHEAD_BYTES } from '../framing/tfrecord-layout.ts';
import { FrameBuffers } from './frame-buffer.ts';
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

/**
 * Opens a TFRecord file for writing; by default it appears under its name, whole, when the writer is closed.
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
  readonly #options: TFRecordWriteOptions;
  readonly #buffers: FrameBuffers;
  /** The writes under way and waiting, one after the other; undefined when there are none. */
  #writing: Promise<void> | undefined;
  /** Records waiting outside the buffers; order forbids using the buffers until they are written. */
  #overflowing = 0;
  #failure: unknown;
  #closed: Promise<WrittenFile> | undefined;

  constructor(target: Target, options: TFRecordWriteOptions) {
    this.path = target.path;
    this.#target = target;
    this.#sink = target.sink;
    this.#options = options;
    this.#buffers = new FrameBuffers(options.bufferBytes);
  }

  /** Records taken so far. */
  get records(): number {
    return this.#records;
  }

  /** Bytes that the records taken so far need, uncompressed. */
  get frameBytes(): number {
    return this.#payloadBytes + this.#records * OVERHEAD_BYTES;
  }

  /** Bytes that the writer has put into the file so far, as stored. */
  get storedBytes(): number {
    return this.#sink.bytes;
  }

  /**
   * Takes one record; the payload is copied before the call returns and stays the caller's. Returns `undefined` while there is room, else a promise to wait for:
   * `await writer.write(payload)` is right in both cases. Who does not wait makes the writer hold what it cannot write yet.
   *
   * @param payload at most 2^32 - 64 bytes
   * @throws RecordpipeError `closed`, `aborted`, or (also from the promise) what kept an earlier record from being written: `io-failure`, …
   * @throws RangeError when the payload is larger
   */
  write(payload: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined || this.#closed !== undefined || this.#options.signal?.aborted)
      this.#refuse();
    if (payload.length > MAX_RECORD_BYTES)
      throw new RangeError(`write: a record has at most ${MAX_RECORD_BYTES} bytes, got ${payload.length}`);
    this.#records++;
    this.#payloadBytes += payload.length;
    if (this.#overflowing === 0 && this.#buffers.fits(payload.length)) {
      this.#buffers.append(payload);
      return undefined;
    }
    return this.#writeOut(payload);
  }

  /** Puts everything taken so far into the file, so that readers of a file written in place see it. */
  async flush(): Promise<void> {
    if (this.#failure !== undefined || this.#closed !== undefined || this.#options.signal?.aborted)
      this.#refuse();
    this.#queue(async () => {
      await this.#drain();
      await this.#sink.flush();
    });
    await this.#settled();
  }

  /** Writes what is left, closes the file and gives it its name. Calling it again gives the same answer. */
  close(): Promise<WrittenFile> {
    this.#closed ??= this.#finish(true);
    return this.#closed;
  }

  /** Gives the file up: what is not yet closed is removed, an older file of the name stays. */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    this.#failure ??= new RecordpipeError('closed', 'the writer was aborted', { uri: this.path });
    this.#closed = Promise.reject(this.#failure);
    this.#closed.catch(() => {});
    await this.#writing;
    await this.#target.discard();
  }

  /** Closes; after a failure, gives the file up. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure !== undefined) await this.abort();
    else await this.close();
  }

  /** Like `close`, but leaves the file under its temporary name; for those who name several files at once. */
  async finishUnnamed(): Promise<{
    file: WrittenFile;
    name(path: string): Promise<void>;
    discard(): Promise<void>;
  }> {
    this.#closed ??= this.#finish(false);
    const file = await this.#closed;
    return { file, name: (path) => this.#target.name(path), discard: () => this.#target.discard() };
  }

  /** The buffer is full: hands it over and goes on in the other one, or waits until that one is free. */
  #writeOut(payload: Uint8Array): Promise<void> | undefined {
    if (this.#writing === undefined) {
      const filled = this.#buffers.swap();
      this.#queue(() => this.#sink.write(filled));
      if (this.#buffers.fits(payload.length)) {
        this.#buffers.append(payload);
        return undefined;
      }
    }
    // Both buffers are in use, or the record is larger than one: it waits in memory of its own, and so do those behind it.
    const frame = encodeTFRecord(payload);
    this.#overflowing++;
    this.#queue(async () => {
      await this.#drain();
      await this.#sink.write(frame);
      this.#overflowing--;
    });
    return this.#settled();
  }

  /** Writes the current buffer; only inside the queue, when the other one is free. */
  async #drain(): Promise<void> {
    if (this.#buffers.used > 0) await this.#sink.write(this.#buffers.swap());
  }

  /** Runs `step` behind those before it. A failure is kept, and thrown by the next call. */
  #queue(step: () => Promise<void>): void {
    const before = this.#writing;
    const run = async (): Promise<void> => {
      await before;
      if (this.#failure !== undefined) return;
      try {
        await step();
      } catch (error) {
        this.#failure ??= error;
      }
    };
    const mine = run().then(() => {
      if (this.#writing === mine) this.#writing = undefined;
    });
    this.#writing = mine;
  }

  async #settled(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #finish(named: boolean): Promise<WrittenFile> {
    try {
      if (this.#options.signal?.aborted) this.#refuse();
      this.#queue(() => this.#drain());
      await this.#settled();
      await this.#sink.close();
      if (named) await this.#target.name(this.path);
    } catch (error) {
      this.#failure ??= error;
      await this.#target.discard();
      throw error;
    }
    return {
      path: this.path,
      records: this.#records,
      payloadBytes: this.#payloadBytes,
      bytes: this.#sink.bytes,
    };
  }

  #refuse(): never {
    const { signal } = this.#options;
    if (this.#failure !== undefined) throw this.#failure;
    if (signal?.aborted)
      throw new RecordpipeError('aborted', 'aborted by its signal', { uri: this.path }, signal.reason);
    throw new RecordpipeError('closed', 'the writer is closed', { uri: this.path });
  }
}
