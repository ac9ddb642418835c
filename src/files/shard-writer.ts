import { RecordpipeError } from '../errors.ts';
import { tfrecordFrameBytes } from '../framing/tfrecord-encode.ts';
import {
  openTFRecordWriter,
  type TFRecordWriter,
  type UnnamedFile,
  type WrittenFile,
} from './tfrecord-writer.ts';
import type { TFRecordWriteOptions } from './write-options.ts';

/** How shards are cut. */
export interface TFRecordShardOptions extends Omit<TFRecordWriteOptions, 'append' | 'atomic'> {
  /**
   * A new shard begins when the next record would make the current one larger than this (uncompressed bytes, framing included).
   * Default 128 MiB. A larger record makes a shard of its own.
   */
  readonly maxShardBytes: number;
  /** Put behind the number, e.g. `.tfrecord`. Default none. */
  readonly suffix: string;
}

/**
 * Opens a writer of shards `PREFIX-00000-of-00012SUFFIX`, …: how many there are is known only at the end, so all get their names
 * when the writer is closed, and until then none is to be seen.
 *
 * @param prefix path and beginning of the name
 * @throws RangeError for an option value that no option has
 * @example
 * ```ts
 * import { openTFRecordShards } from 'recordpipe/files';
 * const writer = openTFRecordShards('train', { maxShardBytes: 100, suffix: '.tfrecord' });
 * for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(20));
 * const files = await writer.close();
 * console.log(files.length, files[0].path); // 5 train-00000-of-00005.tfrecord
 * ```
 */
export function openTFRecordShards(
  prefix: string,
  options: Partial<TFRecordShardOptions> = {},
): TFRecordShardWriter {
  return new TFRecordShardWriter(prefix, options);
}

/** Writes records into shards, in order. Made by {@link openTFRecordShards}. Await each call before the next. */
export class TFRecordShardWriter implements AsyncDisposable {
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #maxShardBytes: number;
  readonly #options: Partial<TFRecordWriteOptions>;
  readonly #finished: UnnamedFile[] = [];
  #current: TFRecordWriter | undefined;
  #closed: Promise<WrittenFile[]> | undefined;

  constructor(prefix: string, options: Partial<TFRecordShardOptions>) {
    const { maxShardBytes = 128 * 1024 * 1024, suffix = '', ...rest } = options;
    if (!(maxShardBytes >= 1))
      throw new RangeError(`maxShardBytes: expected a number from 1, got ${maxShardBytes}`);
    this.#prefix = prefix;
    this.#suffix = suffix;
    this.#maxShardBytes = maxShardBytes;
    this.#options = rest;
  }

  /**
   * Takes one record; as {@link TFRecordWriter.write}, but always to be awaited where it returns a promise.
   * @throws as {@link TFRecordWriter.write}
   */
  write(payload: Uint8Array): Promise<void> | undefined {
    if (this.#closed !== undefined)
      throw new RecordpipeError('closed', 'the writer is closed', { uri: this.#prefix });
    const current = this.#current;
    if (
      current !== undefined &&
      current.frameBytes + tfrecordFrameBytes(payload.length) <= this.#maxShardBytes
    ) {
      return current.write(payload);
    }
    return this.#nextShard(payload);
  }

  /** Ends the last shard and gives all their names; no record at all makes one empty shard. Calling it again gives the same answer. */
  close(): Promise<WrittenFile[]> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  /** Gives all shards up: none appears. */
  async abort(): Promise<void> {
    this.#closed ??= Promise.reject(
      new RecordpipeError('closed', 'the writer was aborted', { uri: this.#prefix }),
    );
    this.#closed.catch(() => {});
    await this.#discard();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #nextShard(payload: Uint8Array): Promise<void> {
    await this.#endShard();
    this.#current = await openTFRecordWriter(this.#name('next', 'many'), this.#options);
    await this.#current.write(payload);
  }

  async #endShard(): Promise<void> {
    if (this.#current === undefined) return;
    this.#finished.push(await this.#current.finishUnnamed());
    this.#current = undefined;
  }

  async #finish(): Promise<WrittenFile[]> {
    try {
      if (this.#current === undefined && this.#finished.length === 0) {
        this.#current = await openTFRecordWriter(this.#name('next', 'many'), this.#options);
      }
      await this.#endShard();
      const files: WrittenFile[] = [];
      for (const [index, { file, name }] of this.#finished.entries()) {
        const path = this.#name(number(index), number(this.#finished.length));
        await name(path);
        files.push({ ...file, path });
      }
      return files;
    } catch (error) {
      await this.#discard();
      throw error;
    }
  }

  async #discard(): Promise<void> {
    await this.#current?.abort();
    for (const { discard } of this.#finished) await discard();
  }

  #name(index: string, count: string): string {
    return `${this.#prefix}-${index}-of-${count}${this.#suffix}`;
  }
}

function number(value: number): string {
  return String(value).padStart(5, '0');
}
