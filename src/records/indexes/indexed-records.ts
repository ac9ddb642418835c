import { isItemFailure, UsageError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import { newReadStats, type ReadStats } from '../../formats/corruption.ts';
import { DAMAGED_OR_CHANGED, errorAt, indexMismatch } from '../../formats/index-errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import type { FrameReader } from '../../formats/record-format.ts';
import { type AnyOptions, recordFormat } from '../../formats/registry.ts';
import type { RemoteReading, StoredFile } from '../../storage/storage.ts';
import { type Batches, RecordReader, readBatches } from '../record-reader.ts';
import type { FrameTable } from './frame-table.ts';
import { type LayoutOptions, type RecordLayout, readOptions } from './layout-options.ts';
import { fresh, SpanReader, type SpanReading } from './span-reader.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A file, the positions of its records, and how to read them. */
export interface IndexedFile {
  readonly file: StoredFile;
  readonly table: FrameTable;
  readonly layout: RecordLayout;
  readonly options: Partial<LayoutOptions>;
}

/** A requested record that has not been read yet. */
interface Pending {
  readonly record: number;
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Random access to the records of a file by number. Returned by `openIndexed`. Each read verifies
 * the record. A record belongs to the caller and stays valid. Records that are read together share
 * memory, and so do small records that are read consecutively.
 */
export class IndexedRecords implements AsyncDisposable {
  /** Path of the data. */
  readonly path: string;
  /** Format of the record file. */
  readonly format: FormatName;
  /** Path of the index; undefined if the index is only in memory. */
  readonly indexPath: string | undefined;
  /** Number of records. */
  readonly length: number;
  readonly #indexed: IndexedFile;
  readonly #reader: SpanReader;
  /** Records requested in the current event-loop turn. They are read together. */
  #pending: Pending[] = [];

  /** @hideconstructor */
  constructor(
    indexed: IndexedFile,
    frames: FrameReader,
    indexPath: string | undefined,
    reading: SpanReading,
  ) {
    const { file, table, layout } = indexed;
    this.path = file.path;
    this.format = layout.format;
    this.indexPath = indexPath;
    this.length = table.count;
    this.#indexed = indexed;
    this.#reader = new SpanReader(file, table, frames, reading);
  }

  /**
   * Reads record `i`, counted from 0.
   *
   * @throws RecordpipeError `index-mismatch` if the record is not where the index locates it;
   *   errors in the record, such as `data-checksum`; `closed`, `io-failure`
   * @throws UsageError unless `i` is an integer from 0 to `length - 1`
   */
  get(i: number): Promise<Uint8Array> {
    try {
      this.#check(i);
      if (this.#reader.readsNow(i)) return Promise.resolve(this.#reader.readNow(i));
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) queueMicrotask(() => void this.#readPending());
      this.#pending.push({ record: i, resolve, reject });
    });
  }

  /**
   * Reads record `i` on the calling thread, regardless of its size. Intended for worker threads and
   * scripts.
   * @throws the same errors as {@link get}
   */
  getSync(i: number): Uint8Array {
    this.#check(i);
    return this.#reader.readNow(i);
  }

  /**
   * Reads records by number and returns them in the order of the list. Repeated numbers return the
   * same memory. Records that are close to each other are read together.
   *
   * @throws the same errors as {@link get}, for the first record in file order that cannot be read
   */
  async getMany(indices: Iterable<number> | ArrayLike<number>): Promise<Uint8Array[]> {
    const records = isArrayLike(indices) ? indices : [...indices];
    for (let at = 0; at < records.length; at++) this.#check(records[at]);
    const payloads = new Array<Uint8Array>(records.length);
    let failed = false;
    let failure: unknown;
    const taker = {
      take: (at: number, payload: Uint8Array): void => {
        payloads[at] = payload;
      },
      fail: (_at: number, error: unknown): void => {
        if (!failed) failure = error;
        failed = true;
      },
    };
    await this.#indexed.file.use(() => this.#reader.readMany(records, taker));
    if (failed) throw failure;
    return payloads;
  }

  /**
   * Returns a reader of the records `from` to `to - 1`, which reads ahead and returns them in
   * order. By default, it reads all records.
   * @throws UsageError unless 0 <= `from` <= `to` <= `length`; while iterating, the same errors as
   *   the format's reader, and `index-mismatch`
   */
  slice(from = 0, to: number = this.length): RecordReader {
    this.#checkSlice(from, to);
    return new RecordReader((stats) => sliceBatches(this.#indexed, from, to, stats));
  }

  /**
   * Like {@link slice}, but returns batches. Their record numbers and offsets are those of the
   * file.
   */
  sliceBatches(from = 0, to: number = this.length): Batches {
    this.#checkSlice(from, to);
    return sliceBatches(this.#indexed, from, to, newReadStats());
  }

  /** Returns a reader of all records, in order. */
  [Symbol.asyncIterator](): RecordReader {
    return this.slice();
  }

  /**
   * Returns the position of the frame of record `i` in the file.
   * @throws the same UsageError as {@link get}
   */
  offset(i: number): number {
    this.#checkNumber(i);
    return this.#indexed.table.start(i);
  }

  /**
   * Returns the size of the frame of record `i` in bytes.
   * @throws the same UsageError as {@link get}
   */
  frameBytes(i: number): number {
    this.#checkNumber(i);
    return this.#indexed.table.frameBytes(i);
  }

  /** Waits for the reads in progress and closes the file. Later calls fail with `closed`. */
  close(): Promise<void> {
    return this.#indexed.file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #readPending(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    const records = pending.map(({ record }) => record);
    const taker = {
      take: (at: number, payload: Uint8Array): void => pending[at].resolve(payload),
      fail: (at: number, error: unknown): void => pending[at].reject(error),
    };
    const reading = this.#indexed.file.use(() => this.#reader.readMany(records, taker));
    await reading.catch((error: unknown) => {
      for (const { reject } of pending) reject(error);
    });
  }

  #check(i: number): void {
    if (this.#indexed.file.closed) throw this.#indexed.file.closedError();
    this.#checkNumber(i);
  }

  #checkNumber(i: number): void {
    if (!(i >= 0 && i < this.length && Number.isInteger(i)))
      throw new UsageError(`${this.path} has records 0 to ${this.length - 1}, got ${String(i)}`);
  }

  #checkSlice(from: number, to: number): void {
    if (this.#indexed.file.closed) throw this.#indexed.file.closedError();
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= this.length))
      throw new UsageError(
        `slice: expected 0 <= from <= to <= ${this.length}, got ${String(from)}, ${String(to)}`,
      );
  }
}

function isArrayLike(indices: Iterable<number> | ArrayLike<number>): indices is ArrayLike<number> {
  return 'length' in indices;
}

/**
 * Reads the records `from` to `to - 1` in order.
 * @throws the same errors as the format's reader; `index-mismatch` if records are not where the
 *   index locates them
 */
async function* sliceBatches(
  { file, table, layout, options }: IndexedFile,
  from: number,
  to: number,
  stats: ReadStats,
): Batches {
  const start = table.start(from);
  await checkBorders({ file, table, layout, options }, from, to);
  const reading = readOptions(
    layout.format,
    { ...options, ...layout },
    { uri: file.path, maxRecordBytes: 2 ** 32 - 64 },
  );
  const chunks = chunksOf(file, start, table.start(to));
  let next = from;
  try {
    for await (const batch of readBatches(recordFormat(layout.format), chunks, reading, stats)) {
      if (next + batch.length > to || !matches(table, batch, next, start)) break;
      // Relative to this base, the offsets of the batch are positions in the file.
      const base = start + batch.offset(0) - batch.index[0];
      yield new RecordBatch(batch.bytes, batch.index, batch.length, next, base, 0);
      next += batch.length;
    }
  } catch (error) {
    if (!isItemFailure(error) || error.record === undefined) throw error;
    const record = from + error.record;
    throw errorAt(error, { uri: file.path, record, offset: start + (error.offset ?? 0) });
  }
  if (next === to) return;
  const text = `the index locates ${to - from} records from here, but the file has only the first ${next - from} of them`;
  throw indexMismatch(text, { uri: file.path, record: from, offset: start }, DAMAGED_OR_CHANGED);
}

/**
 * Reports whether the records of a batch begin where the table locates the records starting at
 * `first`. The number of lines may be correct even if their delimiters have moved.
 */
function matches(table: FrameTable, batch: RecordBatch, first: number, start: number): boolean {
  let at = table.start(first);
  for (let i = 0; i < batch.length; i++) {
    if (start + batch.offset(i) !== at) return false;
    at += table.frameBytes(first + i);
  }
  return true;
}

/**
 * Checks the boundaries of lines, which have no headers: a delimiter must precede the first line
 * and end the last one.
 */
async function checkBorders({ file, table, layout }: IndexedFile, from: number, to: number): Promise<void> {
  const delimiter = recordFormat(layout.format).index.delimiter?.(layout as AnyOptions);
  if (delimiter === undefined) return;
  const found = new Uint8Array(delimiter.length);
  const borders = [from, to].filter((record) => record > 0 && record < table.count);
  await file.prepare(
    borders.map((record) => ({ position: table.start(record) - found.length, length: found.length })),
  );
  for (const record of borders) {
    const offset = table.start(record);
    file.readNow(found, 0, found.length, offset - found.length);
    if (found.every((byte, i) => byte === delimiter[i])) continue;
    const text = 'the index locates a line here, but no delimiter precedes it';
    throw indexMismatch(text, { uri: file.path, record, offset }, DAMAGED_OR_CHANGED);
  }
}

/**
 * Yields the bytes from `start` to `end` and reads ahead. It reads one chunk ahead in a local file,
 * and several growing chunks in a remote one, so that reading a few records transfers few bytes.
 */
async function* chunksOf(
  file: StoredFile,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { remote } = file;
  let at = start;
  let bytes = Math.min(CHUNK_BYTES, remote?.spanBytes ?? CHUNK_BYTES);
  const ahead: Promise<Uint8Array>[] = [];
  const read = async (): Promise<Uint8Array> => {
    const chunk = fresh(Math.min(bytes, end - at));
    const position = at;
    at += chunk.length;
    await file.read(chunk, 0, chunk.length, position);
    return chunk;
  };
  try {
    for (let depth = 1; at < end || ahead.length > 0; depth = deeper(depth, remote)) {
      const chunk: Uint8Array = await (ahead.shift() ?? read());
      while (at < end && ahead.length < depth) {
        const next = read();
        next.catch(() => {}); // The consumer awaits it.
        ahead.push(next);
      }
      if (remote !== undefined) bytes = Math.min(2 * bytes, remote.spanBytes);
      yield chunk;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

function deeper(depth: number, remote: RemoteReading | undefined): number {
  return remote === undefined ? depth : Math.min(2 * depth, remote.requests);
}
