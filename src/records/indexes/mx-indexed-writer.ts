import { onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { locationOf } from '../../storage/inspect.ts';
import { discardOutput } from '../../storage/output.ts';
import type { Output } from '../../storage/storage.ts';
import type { RecordWriter, WrittenFile } from '../write/record-writer.ts';
import type { RecordIOWriteOptions } from '../write/writers.ts';
import { refuseSameFile } from './index-files.ts';
import { checkedKey, checkKeyType, type MXKey, type MXKeyType } from './text-indexes.ts';

/** How to write RecordIO with an index. Every field has a default. */
export interface MXIndexedWriteOptions extends Omit<RecordIOWriteOptions, 'append' | 'compression'> {
  /**
   * Type of the keys. With `integer` (default), keys are integers. With `text`, keys are strings
   * without tabs, line ends, or leading or trailing blanks.
   */
  readonly keys: MXKeyType;
}

/** Number of characters of the index to buffer before each write. */
const BLOCK_CHARACTERS = 64 * 1024;

/**
 * Opens a RecordIO file and its index for writing. The output is identical to that of MXNet's
 * `MXIndexedRecordIO`. When the writer is closed, both files appear under their names, complete.
 *
 * @param indexPath the `.idx` file
 * @param path the `.rec` file
 * @throws RecordpipeError the same errors as `openRecordIOWriter`, for either file;
 *   `unsupported-source` if both are the same file
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { openMXIndexedRecordIOWriter } from 'recordpipe/records/indexes';
 * const writer = await openMXIndexedRecordIOWriter('names.idx', 'names.rec', { keys: 'text' });
 * await writer.write('first', Uint8Array.of(1));
 * await writer.write('second', Uint8Array.of(2));
 * await writer.close();
 * console.log(JSON.stringify(readFileSync('names.idx', 'utf8'))); // "first\t0\nsecond\t12\n"
 * ```
 */
export async function openMXIndexedRecordIOWriter(
  indexPath: string | URL,
  path: string | URL,
  options: Partial<MXIndexedWriteOptions> = {},
): Promise<MXIndexedWriter> {
  const { keys = 'integer', ...writing } = options;
  checkKeyType(keys);
  refuseSameFile(locationOf(indexPath), locationOf(path));
  // Import the writers only when needed: readers do not use them, and they take half of this
  // module's import time.
  const [{ openRecordIOWriter }, { prepareOutput }, { writeOptions }] = await Promise.all([
    import('../write/writers.ts'),
    import('../write/prepare-output.ts'),
    import('../write/write-options.ts'),
  ]);
  const records = await openRecordIOWriter(path, { ...writing, append: false, compression: 'none' });
  try {
    const { overwrite, atomic, sync } = writeOptions(writing);
    const index = await prepareOutput(indexPath, writeOptions({ overwrite, atomic, sync }));
    return new MXIndexedWriter(records, index, keys, options.signal);
  } catch (error) {
    await records.abort();
    throw error;
  }
}

/** Writes records with keys. Returned by `openMXIndexedRecordIOWriter`. */
export class MXIndexedWriter implements AsyncDisposable {
  readonly #records: RecordWriter;
  readonly #index: Output;
  readonly #type: MXKeyType;
  readonly #signal: AbortSignal | undefined;
  #text = '';
  #indexing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #closed: Promise<WrittenFile> | undefined;

  /** @hideconstructor */
  constructor(records: RecordWriter, index: Output, type: MXKeyType, signal?: AbortSignal) {
    this.#records = records;
    this.#index = index;
    this.#type = type;
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    else onAbort(signal, this.#onAbort);
  }

  /**
   * Accepts one record and its key, like `RecordWriter.write`. If a key is repeated, readers find
   * its last record.
   *
   * @throws RecordpipeError the same errors as `RecordWriter.write`; `unrepresentable` for a key
   *   that the index cannot represent
   * @throws UsageError for a key of a different type
   */
  write(key: MXKey, payload: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const text = keyText(checkedKey(key, this.#type));
    const offset = this.#records.frameBytes;
    const taken = this.#records.write(payload);
    this.#text += `${text}\t${offset}\n`;
    if (this.#text.length < BLOCK_CHARACTERS) return taken;
    this.#writeText();
    return taken === undefined ? this.#indexing : Promise.all([taken, this.#indexing]).then(() => {});
  }

  /**
   * Writes the remaining records and gives both files their names, the data first. Later calls
   * return the same promise.
   */
  close(): Promise<WrittenFile> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  /**
   * Discards both files and keeps any older files of the same names. After `close`, it only waits
   * for `close` to finish.
   */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    const failure = new RecordpipeError('closed', 'the writer was aborted', { uri: this.#records.path });
    this.#failure ??= failure;
    this.#closed = Promise.reject(this.#failure);
    this.#closed.catch(() => {});
    await this.#discard();
  }

  /**
   * Aborts unless `close` was called, so that an exception that leaves an `await using` block
   * publishes nothing. Call `close` at the end of the block.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  async #discard(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    await this.#records.abort();
    await this.#indexing;
    await discardOutput(this.#index);
  }

  async #finish(): Promise<WrittenFile> {
    try {
      this.#writeText();
      await this.#indexing;
      if (this.#failure !== undefined) throw this.#failure;
      await this.#index.sink.close();
      // A new index with old data, or the reverse, would locate wrong records, so either both files
      // receive their names or neither does.
      const { written, file } = await this.#records.finishUnnamed();
      try {
        await file.name(written.path);
        await this.#index.file.name(this.#index.path);
      } catch (error) {
        await file.discard();
        throw error;
      }
      return written;
    } catch (error) {
      this.#failure ??= error;
      await this.#discard();
      throw error;
    } finally {
      this.#signal?.removeEventListener('abort', this.#onAbort);
    }
  }

  readonly #onAbort = (): void => {
    const place = { uri: this.#records.path };
    this.#failure ??= new RecordpipeError('aborted', 'aborted by its signal', place, this.#signal?.reason);
    // If `close` was called, it reports the failure.
    if (this.#closed === undefined) void this.#discard();
  };

  #writeText(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    const write = async (before: Promise<void>): Promise<void> => {
      await before;
      if (this.#failure === undefined) await this.#index.sink.write(bytes);
    };
    this.#indexing = write(this.#indexing).catch((error: unknown) => {
      this.#failure ??= error;
    });
  }
}

/** Returns the text of a key in the index. @throws RecordpipeError `unrepresentable` */
function keyText(key: MXKey): string {
  if (typeof key !== 'string') return String(key);
  if (key !== '' && key === key.trim() && !/[\t\n\r\v\f]/.test(key)) return key;
  const text = `a key must not be empty, contain tabs or line ends, or begin or end with blanks, got ${JSON.stringify(key)}; choose another key`;
  throw new RecordpipeError('unrepresentable', text);
}
