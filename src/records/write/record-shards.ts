import { onAbort } from '../../bytes/abortable.ts';
import { checkPath } from '../../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import {
  checkPayload,
  openWriter,
  type RecordWriter,
  type UnnamedFile,
  type WriteFormat,
  type WrittenFile,
} from './record-writer.ts';
import { checkShardNames, nameShards, type ShardNaming } from './shard-names.ts';
import type { RecordWriteOptions } from './write-options.ts';

/** How to write shards. */
export type ShardOptions<O extends RecordWriteOptions> = Omit<O, 'append' | 'atomic'> & {
  /**
   * Maximum size of a shard in uncompressed bytes, including framing. A record that would exceed it
   * starts the next shard. A record larger than the limit gets its own shard. Default 128 MiB.
   */
  readonly maxShardBytes: number;
  /** Suffix of the names after the number, for example `.tfrecord`. Default none. */
  readonly suffix: string;
};

/**
 * Returns an object with the names of all options of a shard writer. It includes options that
 * shards ignore, so that one options object can serve both kinds of writers.
 */
export function shardNames<O extends RecordWriteOptions>(format: WriteFormat<O>): object {
  return { ...format.writeOptions(undefined), maxShardBytes: true, suffix: true };
}

/**
 * Writes records into shards, in order. Returned by `openTFRecordShards` and the other functions
 * that open shards.
 */
export class RecordShardWriter implements AsyncDisposable {
  readonly #prefix: string;
  readonly #naming: ShardNaming;
  readonly #maxShardBytes: number;
  readonly #options: RecordWriteOptions;
  readonly #format: WriteFormat;
  readonly #finished: UnnamedFile[] = [];
  #current: RecordWriter | undefined;
  /**
   * The switch to the next shard, if in progress, together with the records accepted in the
   * meantime.
   */
  #pending: Promise<void> | undefined;
  #failure: unknown;
  #closed: Promise<WrittenFile[]> | undefined;

  /** @hideconstructor */
  constructor(format: WriteFormat, prefix: string, options: Partial<ShardOptions<RecordWriteOptions>> = {}) {
    const { maxShardBytes = 128 * 1024 * 1024, suffix = '', ...rest } = options;
    checkPath('prefix', prefix);
    if (!(maxShardBytes >= 1))
      throw new UsageError(`maxShardBytes: expected a number >= 1, got ${maxShardBytes}`);
    this.#format = format;
    this.#prefix = prefix;
    this.#maxShardBytes = maxShardBytes;
    this.#options = format.writeOptions({ ...rest, append: false, atomic: true });
    onAbort(this.#options.signal, this.#onAbort);
    const { overwrite, objects, signal } = this.#options;
    this.#naming = { prefix, suffix, overwrite, objects, signal };
  }

  /**
   * Accepts one record. If it returns a promise, do not change the payload until the promise
   * settles.
   * @throws the same errors as {@link RecordWriter.write}
   */
  write(payload: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed !== undefined)
      throw new RecordpipeError('closed', 'the writer is closed', { uri: this.#prefix });
    checkPayload(payload);
    const current = this.#current;
    if (this.#pending === undefined && current !== undefined && this.#fits(current, payload))
      return current.write(payload);
    this.#format.checkPayload(payload, this.#options);
    const pending = this.#writeAfter(this.#pending, payload);
    this.#pending = pending;
    const settled = (): void => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    // If no caller awaits this promise, the next call throws the failure.
    pending.then(settled, settled);
    return pending;
  }

  /**
   * Finishes the last shard and gives all shards their names. Without records, one empty shard is
   * written. Later calls return the same promise.
   */
  close(): Promise<WrittenFile[]> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  /** Discards all shards, so that none of them appears. */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    this.#failure ??= new RecordpipeError('closed', 'the writer was aborted', { uri: this.#prefix });
    this.#closed = Promise.reject(this.#failure);
    this.#closed.catch(() => {});
    await this.#pending?.catch(() => {});
    await this.#discard(this.#failure);
  }

  /**
   * Aborts unless `close` was called, so that an exception that leaves an `await using` block
   * publishes no shard. Call `close` at the end of the block.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  #fits(shard: RecordWriter, payload: Uint8Array): boolean {
    return shard.frameBytes + shard.frameBytesOf(payload) <= this.#maxShardBytes;
  }

  async #writeAfter(before: Promise<void> | undefined, payload: Uint8Array): Promise<void> {
    await before;
    if (this.#failure !== undefined) throw this.#failure;
    try {
      if (this.#current === undefined || !this.#fits(this.#current, payload)) {
        await this.#finishShard();
        this.#current = await this.#openShard();
      }
      await this.#current.write(payload);
    } catch (error) {
      await this.#discard(error);
      throw error;
    }
  }

  async #openShard(): Promise<RecordWriter> {
    // Check before the first record, so that the writer does not fail after hours of writing;
    // `nameShards` checks again.
    if (this.#finished.length === 0) await checkShardNames(this.#naming);
    const { prefix, suffix } = this.#naming;
    return openWriter(this.#format, `${prefix}-next-of-many${suffix}`, this.#options, true);
  }

  async #finishShard(): Promise<void> {
    if (this.#current === undefined) return;
    this.#finished.push(await this.#current.finishUnnamed());
    this.#current = undefined;
  }

  async #finish(): Promise<WrittenFile[]> {
    try {
      await this.#pending;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#current === undefined) this.#current = await this.#openShard();
      await this.#finishShard();
      if (this.#failure !== undefined) throw this.#failure;
      return await nameShards(this.#finished, this.#naming);
    } catch (error) {
      await this.#discard(error);
      throw error;
    } finally {
      this.#options.signal?.removeEventListener('abort', this.#onAbort);
    }
  }

  readonly #onAbort = (): void => {
    const place = { uri: this.#prefix };
    const { reason } = this.#options.signal ?? {};
    const failure = new RecordpipeError('aborted', 'aborted by its signal', place, reason);
    this.#failure ??= failure;
    // If `close` was called, it reports the failure.
    if (this.#closed !== undefined) return;
    void Promise.resolve(this.#pending)
      .catch(() => {})
      .then(() => this.#discard(failure));
  };

  async #discard(failure: unknown): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#failure ??= failure;
    await this.#current?.abort();
    for (const { file } of this.#finished) await file.discard();
  }
}
