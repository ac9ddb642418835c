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

/** A file, where its records lie, and how they are read. */
export interface IndexedFile {
  readonly file: StoredFile;
  readonly table: FrameTable;
  readonly layout: RecordLayout;
  readonly options: Partial<LayoutOptions>;
}

/**
 * The records `from` to `to`, read in order.
 * @throws as the format's reader; `index-mismatch` where others are found than the index says
 */
export async function* sliceBatches(
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
      if (next + batch.length > to || !lieAs(table, batch, next, start)) break;
      // The base that makes the batch's own offsets those of the file.
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
  const text = `the records ${from} to ${to} are to lie here, only ${next - from} of them lie as it says`;
  throw indexMismatch(text, { uri: file.path, record: from, offset: start }, DAMAGED_OR_CHANGED);
}

/** Whether the records of a batch begin where those from `first` on are to begin: in lines, borders move and their number may stay. */
function lieAs(table: FrameTable, batch: RecordBatch, first: number, start: number): boolean {
  let at = table.start(first);
  for (let i = 0; i < batch.length; i++) {
    if (start + batch.offset(i) !== at) return false;
    at += table.frameBytes(first + i);
  }
  return true;
}

/** Lines have no headers: what lies before the first of them, and before the one behind the last, must be a delimiter. */
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
    const text = 'a line is to begin here, there is no delimiter before it';
    throw indexMismatch(text, { uri: file.path, record, offset }, DAMAGED_OR_CHANGED);
  }
}

/** The bytes `start` to `end`, read ahead: one chunk, or of remote files several that grow, so that a few records cost little. */
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
        next.catch(() => {}); // thrown where it is awaited
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

/** A record asked for that is still to be read. */
interface Pending {
  readonly record: number;
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The records of a file, by their numbers. Made by `openIndexed`. A record is checked each time it is got, belongs to the caller, and stays valid as
 * long as it is kept; records got together, and small ones got after each other, share memory.
 */
export class IndexedRecords implements AsyncDisposable {
  /** Path of the data. */
  readonly path: string;
  readonly format: FormatName;
  /** Path of the index; undefined where it is in memory only. */
  readonly indexPath: string | undefined;
  /** How many records there are. */
  readonly length: number;
  readonly #indexed: IndexedFile;
  readonly #reader: SpanReader;
  /** Records asked for in this turn, to be read together. */
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
   * Record `i`, counted from 0.
   *
   * @throws RecordpipeError `index-mismatch` where it is not where the index says, `data-checksum` and the like where it is damaged, `closed`, `io-failure`
   * @throws UsageError unless `i` is a whole number from 0 to `length - 1`
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
   * Record `i`, read on this thread whatever its size, without a promise: for worker threads and scripts.
   * @throws as {@link get}
   */
  getSync(i: number): Uint8Array {
    this.#check(i);
    return this.#reader.readNow(i);
  }

  /**
   * Records by their numbers, in the order asked for; a number may come again, and then its record is the same memory. Records that lie near each other
   * are read together, those far apart one by one.
   *
   * @throws as {@link get}: for the first of them, in the order of the file, that cannot be had
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
   * The records `from` to `to - 1`, read in order and ahead. Default: all.
   * @throws UsageError unless 0 <= `from` <= `to` <= `length`; else as the format's reader, and `index-mismatch`, while iterating
   */
  slice(from = 0, to: number = this.length): RecordReader {
    this.#checkSlice(from, to);
    return new RecordReader((stats) => sliceBatches(this.#indexed, from, to, stats));
  }

  /** The same in batches, whose numbers and offsets are those of the file. @throws as {@link slice} */
  sliceBatches(from = 0, to: number = this.length): Batches {
    this.#checkSlice(from, to);
    return sliceBatches(this.#indexed, from, to, newReadStats());
  }

  /** All records, in order. */
  [Symbol.asyncIterator](): RecordReader {
    return this.slice();
  }

  /** Position in the file of the first byte of record `i`, its header included. @throws UsageError as {@link get} */
  offset(i: number): number {
    this.#checkNumber(i);
    return this.#indexed.table.start(i);
  }

  /** Bytes of the file that record `i` takes, with all that belongs to it. @throws UsageError as {@link get} */
  frameBytes(i: number): number {
    this.#checkNumber(i);
    return this.#indexed.table.frameBytes(i);
  }

  /** Closes the file, once the reads under way have ended. What is asked for later fails with `closed`. */
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
      throw new UsageError(`${this.path} has the records 0 to ${this.length - 1}, got ${String(i)}`);
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
