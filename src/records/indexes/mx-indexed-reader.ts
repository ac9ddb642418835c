import { readU32 } from '../../bytes/binary-data.ts';
import { isItemFailure, UsageError } from '../../errors.ts';
import { newReadStats } from '../../formats/corruption.ts';
import { errorAt, indexMismatch, malformedIndex } from '../../formats/index-errors.ts';
import {
  PART_HEADER_BYTES,
  partFlag,
  partLength,
  RECORDIO_MAGIC,
  WHOLE,
} from '../../formats/recordio/layout.ts';
import { recordCodec } from '../../formats/registry.ts';
import { locationOf } from '../../storage/inspect.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { openSmallFile, openStoredFile } from '../../storage/stored-file.ts';
import { type LayoutOptions, readOptions } from './layout-options.ts';
import { fresh } from './span-reader.ts';
import {
  checkedKey,
  checkKeyType,
  type MXKey,
  type MXKeys,
  type MXKeyType,
  readMXKeys,
} from './text-indexes.ts';

/** How to read records by key. Every field has a default. */
export interface MXIndexedOptions extends Pick<LayoutOptions, 'multipart' | 'lenientFlags' | 'objects'> {
  /**
   * Type of the keys. With `integer` (default), like MXNet's `key_type`, keys are numbers, or
   * bigints beyond 2^53 - 1. With `text`, keys are the text in the index.
   */
  readonly keys: MXKeyType;
}

/** Size of the first read, which suffices for the header and payload of a small record. */
const FIRST_BYTES = 4096;
const MORE_BYTES = 1024 * 1024;

/**
 * Opens a RecordIO file and its MXNet index (`MXIndexedRecordIO`, `im2rec`, `rec2idx`) for reading
 * records by key.
 *
 * @param indexPath the `.idx` file
 * @param path the `.rec` file
 * @throws RecordpipeError `malformed-index`; `index-mismatch` if a position is beyond the data;
 *   `not-found`, `access-denied`, `io-failure`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { openMXIndexedRecordIO, openMXIndexedRecordIOWriter } from 'recordpipe/records/indexes';
 * const writer = await openMXIndexedRecordIOWriter('train.idx', 'train.rec');
 * for (const key of [30, 10, 20]) await writer.write(key, Uint8Array.of(key));
 * await writer.close();
 * const reader = await openMXIndexedRecordIO('train.idx', 'train.rec');
 * console.log(reader.keys(), await reader.get(10)); // [ 30, 10, 20 ] Uint8Array(1) [ 10 ]
 * await reader.close();
 * ```
 */
export async function openMXIndexedRecordIO(
  indexPath: string | URL,
  path: string | URL,
  options: Partial<MXIndexedOptions> = {},
): Promise<MXIndexedReader> {
  const { keys: type = 'integer' } = options;
  checkKeyType(type);
  const reading = readOptions('recordio', options);
  const index = await openSmallFile(locationOf(indexPath), options);
  try {
    const keys = readMXKeys(index, type);
    const file = await openStoredFile(path, options);
    for (const offset of keys.offsets.values()) {
      if (offset < file.size) continue;
      await file.close();
      throw indexMismatch(
        `${file.path} has ${file.size} bytes, but the index locates a record at ${offset}`,
        {
          uri: index.path,
        },
      );
    }
    return new MXIndexedReader(file, keys, type, reading);
  } finally {
    await index.close();
  }
}

/**
 * Random access to the records of a RecordIO file by key. Returned by `openMXIndexedRecordIO`. Each
 * record belongs to the caller and stays valid.
 */
export class MXIndexedReader implements AsyncDisposable {
  /** Path of the RecordIO file. */
  readonly path: string;
  readonly #file: StoredFile;
  readonly #keys: MXKeys;
  readonly #type: MXKeyType;
  readonly #options: ReturnType<typeof readOptions>;

  /** @hideconstructor */
  constructor(file: StoredFile, keys: MXKeys, type: MXKeyType, options: ReturnType<typeof readOptions>) {
    this.path = file.path;
    this.#file = file;
    this.#keys = keys;
    this.#type = type;
    this.#options = options;
  }

  /** Number of lines in the index, including repeated keys. */
  get length(): number {
    return this.#keys.keys.length;
  }

  /** Returns the keys in the order of the index, including repeated ones, like MXNet's `keys`. */
  keys(): MXKey[] {
    return this.#keys.keys.slice();
  }

  /** Reports whether the index has this key. @throws UsageError for a key of a different type */
  has(key: MXKey): boolean {
    return this.#keys.offsets.has(checkedKey(key, this.#type));
  }

  /**
   * Reads the record of a key. If the key is repeated, reads its last record.
   *
   * @throws RecordpipeError `index-mismatch` if no record begins at the position; errors in the
   *   record; `closed`, `io-failure`
   * @throws UsageError for an unknown key or a key of a different type
   */
  async get(key: MXKey): Promise<Uint8Array> {
    const offset = this.#keys.offsets.get(checkedKey(key, this.#type));
    if (offset === undefined) throw new UsageError(`${this.path} has no record with the key ${String(key)}`);
    if (this.#file.closed) throw this.#file.closedError();
    return this.#file.use(() => this.#read(offset));
  }

  /** Closes the file. */
  close(): Promise<void> {
    return this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(offset: number): Promise<Uint8Array> {
    const file = this.#file;
    const head = fresh(Math.min(FIRST_BYTES, file.size - offset));
    if (file.remote === undefined) file.readNow(head, 0, head.length, offset);
    else await file.read(head, 0, head.length, offset);
    const place = { uri: this.path, offset };
    if (head.length < PART_HEADER_BYTES || readU32(head, 0) !== RECORDIO_MAGIC)
      throw indexMismatch('the index locates a record here, but no header begins here', place);
    const word = readU32(head, 4);
    const end = PART_HEADER_BYTES + partLength(word);
    if (partFlag(word) === WHOLE && offset + end <= file.size) {
      if (end <= head.length) return head.slice(PART_HEADER_BYTES, end);
      const payload = fresh(partLength(word));
      const have = head.length - PART_HEADER_BYTES;
      payload.set(head.subarray(PART_HEADER_BYTES));
      await file.read(payload, have, payload.length - have, offset + head.length);
      return payload;
    }
    return this.#decode(head, offset);
  }

  /** Reads a record that has several parts or is truncated. */
  async #decode(head: Uint8Array, offset: number): Promise<Uint8Array> {
    const file = this.#file;
    const source = { uri: this.path, size: () => file.size - offset };
    const codec = await recordCodec('recordio');
    const decoder = codec.decoder(this.#options, source, newReadStats());
    try {
      let at = offset;
      for (let chunk = head; chunk.length > 0; ) {
        decoder.push(chunk);
        at += chunk.length;
        const batch = decoder.next();
        if (batch !== null) return batch.record(0);
        chunk = fresh(Math.min(MORE_BYTES, file.size - at));
        await file.read(chunk, 0, chunk.length, at);
      }
      decoder.end();
      const batch = decoder.next();
      if (batch !== null) return batch.record(0);
    } catch (error) {
      throw isItemFailure(error) ? errorAt(error, { uri: this.path, offset }) : error;
    }
    throw malformedIndex('no record begins here', { uri: this.path, offset });
  }
}
