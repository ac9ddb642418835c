import { onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { locationOf } from '../../storage/inspect.ts';
import type { Output } from '../../storage/storage.ts';
import type { RecordWriter, WrittenFile } from '../write/record-writer.ts';
import type { RecordIOWriteOptions } from '../write/writers.ts';
import { refuseSameFile } from './index-files.ts';
import { checkKeyType } from './mx-indexed-reader.ts';
import { checkedKey, type MXKey, type MXKeyType } from './text-indexes.ts';

/** How RecordIO is written with an index. Every field has a default; pass what differs. */
export interface MXIndexedWriteOptions extends Omit<RecordIOWriteOptions, 'append' | 'compression'> {
  /** Default `integer`: keys are whole numbers. `text`: any text without tabs, line ends, and blanks around it. */
  readonly keys: MXKeyType;
}

/** Text gathered before it is written. */
const BLOCK_CHARACTERS = 64 * 1024;

/**
 * Opens a RecordIO file and its index for writing, as MXNet's `MXIndexedRecordIO` writes them, byte for byte. Both appear under their names, whole, when
 * the writer is closed.
 *
 * @param indexPath the `.idx` file
 * @param path the `.rec` file
 * @throws RecordpipeError as `openRecordIOWriter`, for either file; `unsupported-source` where both are the same
 * @throws UsageError for a value that no option has
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
  // Readers of indexes do without writers: half of what importing this floor takes.
  const [{ openRecordIOWriter }, { prepareOutput }, { writeOptions }] = await Promise.all([
    import('../write/writers.ts'),
    import('../write/prepare-output.ts'),
    import('../write/write-options.ts'),
  ]);
  const records = await openRecordIOWriter(path, { ...writing, append: false, compression: 'none' });
  try {
    const { overwrite, atomic, sync } = writeOptions(writing);
    const index = await prepareOutput(
      locationOf(indexPath),
      writeOptions({ overwrite, atomic, sync }),
      undefined,
      () => Promise.reject(new Error('not appending')),
    );
    return new MXIndexedWriter(records, index, keys, options.signal);
  } catch (error) {
    await records.abort();
    throw error;
  }
}

/** Writes records with keys. Made by `openMXIndexedRecordIOWriter`. */
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
   * Takes one record and its key, as `RecordWriter.write`. A key may come again: readers then find the last one.
   *
   * @throws RecordpipeError as `RecordWriter.write`; `unrepresentable` for a key that such an index cannot hold
   * @throws UsageError for a key that is not of the type
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

  /** Writes what is left and gives both files their names: the data first. Calling it again gives the same answer. */
  close(): Promise<WrittenFile> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  /** Gives both files up; older ones of their names stay. After `close` this does nothing but wait for it. */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    const failure = new RecordpipeError('closed', 'the writer was aborted', { uri: this.#records.path });
    this.#failure ??= failure;
    this.#closed = Promise.reject(this.#failure);
    this.#closed.catch(() => {});
    await this.#giveUp();
  }

  /**
   * Aborts, unless `close` was called: leaving an `await using` block by an exception publishes nothing.
   * Call `close` at the end of the block.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  async #giveUp(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    await this.#records.abort();
    await this.#indexing;
    await this.#index.sink.destroy();
    await this.#index.file.discard();
  }

  async #finish(): Promise<WrittenFile> {
    try {
      this.#writeText();
      await this.#indexing;
      if (this.#failure !== undefined) throw this.#failure;
      await this.#index.sink.close();
      // An index without its data, or data without its index, would be read as something else: both names or none.
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
      await this.#giveUp();
      throw error;
    } finally {
      this.#signal?.removeEventListener('abort', this.#onAbort);
    }
  }

  readonly #onAbort = (): void => {
    const place = { uri: this.#records.path };
    this.#failure ??= new RecordpipeError('aborted', 'aborted by its signal', place, this.#signal?.reason);
    // Else `close` is under way and finds the failure of the records.
    if (this.#closed === undefined) void this.#giveUp();
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

/** @throws RecordpipeError `unrepresentable` */
function keyText(key: MXKey): string {
  if (typeof key !== 'string') return String(key);
  if (key !== '' && key === key.trim() && !/[\t\n\r\v\f]/.test(key)) return key;
  const text = `a key has no tabs, line ends, or blanks around it, and is not empty, got ${JSON.stringify(key)}`;
  throw new RecordpipeError('unrepresentable', text);
}
