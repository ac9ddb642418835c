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

/** How shards are cut. */
export type ShardOptions<O extends RecordWriteOptions> = Omit<O, 'append' | 'atomic'> & {
  /**
   * A new shard begins when the next record would make the current one larger than this (uncompressed bytes, framing included).
   * Default 128 MiB. A larger record makes a shard of its own.
   */
  readonly maxShardBytes: number;
  /** Put behind the number, e.g. `.tfrecord`. Default none. */
  readonly suffix: string;
};

/** An object with the names of all options of a writer of shards. Those that have no meaning for shards may be shared with another writer. */
export function shardNames<O extends RecordWriteOptions>(format: WriteFormat<O>): object {
  return { ...format.writeOptions(undefined), maxShardBytes: true, suffix: true };
}

/** Opens a writer of shards of a format. */
export function openShards<O extends RecordWriteOptions>(
  format: WriteFormat<O>,
  prefix: string,
  options: Partial<ShardOptions<O>> = {},
): RecordShardWriter {
  return new RecordShardWriter(
    format as unknown as WriteFormat,
    prefix,
    options as Partial<ShardOptions<RecordWriteOptions>>,
  );
}

/** Writes records into shards, in order. Made by `openTFRecordShards` and the like. */
export class RecordShardWriter implements AsyncDisposable {
  readonly #prefix: string;
  readonly #naming: ShardNaming;
  readonly #maxShardBytes: number;
  readonly #options: RecordWriteOptions;
  readonly #format: WriteFormat;
  readonly #finished: UnnamedFile[] = [];
  #current: RecordWriter | undefined;
  /** The change to the next shard that is under way, and the records that came meanwhile. */
  #pending: Promise<void> | undefined;
  #failure: unknown;
  #closed: Promise<WrittenFile[]> | undefined;

  /** @hideconstructor */
  constructor(format: WriteFormat, prefix: string, options: Partial<ShardOptions<RecordWriteOptions>>) {
    const { maxShardBytes = 128 * 1024 * 1024, suffix = '', ...rest } = options;
    checkPath('prefix', prefix);
    if (!(maxShardBytes >= 1))
      throw new UsageError(`maxShardBytes: expected a number from 1, got ${maxShardBytes}`);
    this.#format = format;
    this.#prefix = prefix;
    this.#maxShardBytes = maxShardBytes;
    this.#options = format.writeOptions({ ...rest, append: false, atomic: true });
    onAbort(this.#options.signal, this.#onAbort);
    const { overwrite, objects, signal } = this.#options;
    this.#naming = { prefix, suffix, overwrite, objects, signal };
  }

  /**
   * Takes one record, as {@link RecordWriter.write}: where it returns a promise, the payload must stay as it is until that settles.
   * @throws as {@link RecordWriter.write}
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
    const pending = this.#writeBehind(this.#pending, payload);
    this.#pending = pending;
    const settled = (): void => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    // Whoever does not wait for it is told of a failure by the next call.
    pending.then(settled, settled);
    return pending;
  }

  /** Ends the last shard and gives all their names; no record at all makes one empty shard. Calling it again gives the same answer. */
  close(): Promise<WrittenFile[]> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  /** Gives all shards up: none appears. */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    this.#failure ??= new RecordpipeError('closed', 'the writer was aborted', { uri: this.#prefix });
    this.#closed = Promise.reject(this.#failure);
    this.#closed.catch(() => {});
    await this.#pending?.catch(() => {});
    await this.#giveUp(this.#failure);
  }

  /**
   * Aborts, unless `close` was called: leaving an `await using` block by an exception publishes no shard.
   * Call `close` at the end of the block.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  #fits(shard: RecordWriter, payload: Uint8Array): boolean {
    return shard.frameBytes + shard.frameBytesOf(payload) <= this.#maxShardBytes;
  }

  async #writeBehind(before: Promise<void> | undefined, payload: Uint8Array): Promise<void> {
    await before;
    if (this.#failure !== undefined) throw this.#failure;
    try {
      if (this.#current === undefined || !this.#fits(this.#current, payload)) {
        await this.#endShard();
        this.#current = await this.#openShard();
      }
      await this.#current.write(payload);
    } catch (error) {
      await this.#giveUp(error);
      throw error;
    }
  }

  async #openShard(): Promise<RecordWriter> {
    // At the first shard, before hours are spent on writing; `nameShards` checks again.
    if (this.#finished.length === 0) await checkShardNames(this.#naming);
    const { prefix, suffix } = this.#naming;
    return openWriter(this.#format, `${prefix}-next-of-many${suffix}`, this.#options, true);
  }

  async #endShard(): Promise<void> {
    if (this.#current === undefined) return;
    this.#finished.push(await this.#current.finishUnnamed());
    this.#current = undefined;
  }

  async #finish(): Promise<WrittenFile[]> {
    try {
      await this.#pending;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#current === undefined) this.#current = await this.#openShard();
      await this.#endShard();
      if (this.#failure !== undefined) throw this.#failure;
      return await nameShards(this.#finished, this.#naming);
    } catch (error) {
      await this.#giveUp(error);
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
    // Else `close` is under way and finds the failure.
    if (this.#closed !== undefined) return;
    void Promise.resolve(this.#pending)
      .catch(() => {})
      .then(() => this.#giveUp(failure));
  };

  async #giveUp(failure: unknown): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#failure ??= failure;
    await this.#current?.abort();
    for (const { file } of this.#finished) await file.discard();
  }
}
