import { readU32, writeU32 } from '../bytes/binary-data.ts';
import {
  ALL_KEYS,
  ENTRY_BYTES,
  entryBytes,
  type KeyRange,
  partOf,
  RecordArena,
  rangeOfPart,
  writeEntry,
} from './keyed-records.ts';
import { TempFile } from './temp-file.ts';

/** Minimum buffer size of a bucket, in bytes. Smaller buffers slow down writing. */
const MIN_BUFFER_BYTES = 64 * 1024;
/** Maximum buffer size of a bucket, in bytes. Larger buffers do not speed up writing. */
const MAX_BUFFER_BYTES = 1024 * 1024;
/** Maximum total size of all bucket buffers, in bytes. */
const MAX_BUFFERS_BYTES = 2 ** 28;
/**
 * Maximum arena size, in bytes. Arena positions have 32 bits, and more memory would not speed up
 * sorting.
 */
const MAX_ARENA_BYTES = 2 ** 31;
/** Maximum number of parts, which limits the number of open files. */
const MAX_PARTS = 256;
/**
 * Number of parts if the total size is unknown. With this many, fifty times the memory size can be
 * sorted in one pass.
 */
const DEFAULT_PARTS = 64;
/** Safety factor for buckets of unequal size. */
const SPARE = 1.2;
const EMPTY = new Uint8Array(0);

/**
 * Receives the sorted records, in order. If it returns a promise, the payload must not change until
 * the promise settles.
 */
export type Emit = (payload: Uint8Array) => Promise<void> | undefined;

/** Memory and disk limits of a sort. */
export interface SorterLimits {
  /** Memory for records, index and buffers, in bytes. */
  readonly memoryBytes: number;
  /** Folder for temporary files. */
  readonly folder: string;
  /** Size of the source, if it is known. */
  readonly totalBytes: number | undefined;
}

/**
 * Sorts records by 64-bit keys in bounded memory. Records that do not fit in memory are distributed
 * to temporary files by key range, in input order; each file is then sorted in memory. A file that
 * is still too large is distributed again.
 */
export class KeySorter {
  readonly #arena: RecordArena;
  readonly #bufferMemory: Uint8Array;
  readonly #maxParts: number;
  readonly #limits: SorterLimits;
  /** All bucket sets opened so far. */
  readonly #opened: KeyBuckets[] = [];
  #buckets: KeyBuckets | undefined;

  constructor(limits: SorterLimits) {
    this.#limits = limits;
    this.#arena = new RecordArena(8 * Math.floor(Math.min(limits.memoryBytes / 2, MAX_ARENA_BYTES) / 8));
    this.#bufferMemory = new Uint8Array(Math.floor(Math.min(limits.memoryBytes / 4, MAX_BUFFERS_BYTES)));
    const parts = Math.floor(this.#bufferMemory.length / MIN_BUFFER_BYTES);
    this.#maxParts = Math.min(Math.max(parts, 4), MAX_PARTS);
  }

  /**
   * Adds a record. If this method returns a promise, await it before changing the payload or adding
   * another record.
   */
  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    if (this.#buckets !== undefined) return this.#buckets.add(hi, lo, payload);
    return this.#arena.add(hi, lo, payload) ? undefined : this.#overflow(hi, lo, payload);
  }

  /** Passes all records to `emit` in key order. */
  async emit(emit: Emit): Promise<void> {
    if (this.#buckets === undefined) await this.#emitArena(ALL_KEYS, emit);
    else for (const bucket of await this.#buckets.finish()) await this.#emitBucket(bucket, emit);
  }

  /** Removes all temporary files. */
  async close(): Promise<void> {
    for (const buckets of this.#opened) await buckets.close();
  }

  /** Moves the records from memory to files. */
  async #overflow(hi: number, lo: number, payload: Uint8Array): Promise<void> {
    const arena = this.#arena;
    const buckets = this.#open(ALL_KEYS, this.#partsOfAll());
    for (let at = 0; at < arena.used; at += entryBytes(arena.bytes, at)) {
      const added = addEntry(buckets, arena.bytes, at);
      if (added !== undefined) await added;
    }
    arena.clear();
    await buckets.add(hi, lo, payload);
    this.#buckets = buckets;
  }

  #open(range: KeyRange, parts: number): KeyBuckets {
    const buckets = new KeyBuckets(range, parts, this.#bufferMemory, this.#limits.folder);
    this.#opened.push(buckets);
    return buckets;
  }

  #partsOfAll(): number {
    const { totalBytes } = this.#limits;
    const { used, count } = this.#arena;
    if (totalBytes === undefined || count === 0) return Math.min(DEFAULT_PARTS, this.#maxParts);
    // Assume the minimum framing of one byte per record.
    const sourceBytes = used - (ENTRY_BYTES - 1) * count;
    return this.#partsFor(((used + ENTRY_BYTES * count) / sourceBytes) * totalBytes);
  }

  #partsFor(bytes: number): number {
    const parts = Math.ceil((SPARE * bytes) / this.#arena.bytes.length);
    return Math.min(Math.max(parts, 2), this.#maxParts);
  }

  async #emitBucket({ file, count, range }: KeyBucket, emit: Emit): Promise<void> {
    if (file === undefined) return;
    if (this.#arena.holds(count, file.bytes)) {
      await this.#load(file, count);
      await file.close();
      await this.#emitArena(range, emit);
    } else if (count === 1) {
      await eachEntry(file, this.#arena.bytes, (_hi, _lo, payload) => emit(payload));
      await file.close();
    } else {
      const buckets = this.#open(range, this.#partsFor(file.bytes + ENTRY_BYTES * count));
      await eachEntry(file, this.#arena.bytes, (hi, lo, payload) => buckets.add(hi, lo, payload));
      await file.close();
      for (const bucket of await buckets.finish()) await this.#emitBucket(bucket, emit);
    }
  }

  async #load(file: TempFile, count: number): Promise<void> {
    const arena = this.#arena;
    await file.read(arena.bytes.subarray(0, file.bytes));
    arena.used = file.bytes;
    arena.count = count;
  }

  async #emitArena(range: KeyRange, emit: Emit): Promise<void> {
    const { bytes, count } = this.#arena;
    const places = this.#arena.sorted(range);
    for (let i = 0; i < count; i++) {
      const start = places[i] + ENTRY_BYTES;
      const emitted = emit(bytes.subarray(start, start + readU32(bytes, places[i])));
      if (emitted !== undefined) await emitted;
    }
    this.#arena.clear();
  }
}

function addEntry(buckets: KeyBuckets, bytes: Uint8Array, at: number): Promise<void> | undefined {
  const payload = bytes.subarray(at + ENTRY_BYTES, at + entryBytes(bytes, at));
  return buckets.add(readU32(bytes, at + 4), readU32(bytes, at + 8), payload);
}

/** Reads the entries of a file through `window`. Larger entries use a separate buffer. */
export async function eachEntry(
  file: TempFile,
  window: Uint8Array,
  take: (hi: number, lo: number, payload: Uint8Array) => Promise<void> | undefined,
): Promise<void> {
  let bytes = window;
  let at = 0;
  let end = 0;
  for (;;) {
    const have = end - at;
    const needed = have < ENTRY_BYTES ? ENTRY_BYTES : entryBytes(bytes, at);
    if (have >= needed && have >= ENTRY_BYTES) {
      const start = at + ENTRY_BYTES;
      const pending = take(
        readU32(bytes, at + 4),
        readU32(bytes, at + 8),
        bytes.subarray(start, at + needed),
      );
      if (pending !== undefined) await pending;
      at += needed;
      continue;
    }
    const target = needed > window.length ? new Uint8Array(needed) : window;
    if (target === bytes) bytes.copyWithin(0, at, end);
    else target.set(bytes.subarray(at, end));
    bytes = target;
    at = 0;
    const read = await file.read(bytes.subarray(have));
    if (read === 0) return;
    end = have + read;
  }
}

/** Keyed records in a temporary file, in input order. */
export class SpooledRecords {
  readonly #memory: Uint8Array = new Uint8Array(MAX_BUFFER_BYTES);
  readonly #spool: KeyBuckets;

  constructor(folder: string) {
    this.#spool = new KeyBuckets(ALL_KEYS, 1, this.#memory, folder);
  }

  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    return this.#spool.add(hi, lo, payload);
  }

  /** Passes all records to `take` in input order. */
  async each(
    take: (hi: number, lo: number, payload: Uint8Array) => Promise<void> | undefined,
  ): Promise<void> {
    const [{ file }]: KeyBucket[] = await this.#spool.finish();
    if (file !== undefined) await eachEntry(file, this.#memory, take);
  }

  close(): Promise<void> {
    return this.#spool.close();
  }
}

/** Keyed records of one key range, in a temporary file. */
export interface KeyBucket {
  readonly range: KeyRange;
  readonly count: number;
  /** File that contains the records; undefined if there are no records. */
  readonly file: TempFile | undefined;
}

class OpenBucket implements KeyBucket {
  readonly range: KeyRange;
  count = 0;
  file: TempFile | undefined;
  readonly #buffer: Uint8Array;
  readonly #folder: string;
  #used = 0;

  constructor(range: KeyRange, buffer: Uint8Array, folder: string) {
    this.range = range;
    this.#buffer = buffer;
    this.#folder = folder;
  }

  /**
   * Adds a record. If this method returns a promise, the payload must not change until the promise
   * settles.
   */
  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    this.count++;
    if (this.#used + ENTRY_BYTES + payload.length > this.#buffer.length)
      return this.#addAfterFlush(hi, lo, payload);
    this.#used = writeEntry(this.#buffer, this.#used, hi, lo, payload);
    return undefined;
  }

  async flush(): Promise<void> {
    if (this.#used === 0) return;
    this.file ??= await TempFile.open(this.#folder);
    await this.file.append(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  async #addAfterFlush(hi: number, lo: number, payload: Uint8Array): Promise<void> {
    await this.flush();
    if (ENTRY_BYTES + payload.length <= this.#buffer.length) {
      this.#used = writeEntry(this.#buffer, 0, hi, lo, payload);
      return;
    }
    // If the record is larger than the buffer, only the header is buffered. The payload is written
    // directly.
    this.#used = writeEntry(this.#buffer, 0, hi, lo, EMPTY);
    writeU32(this.#buffer, 0, payload.length);
    await this.flush();
    await this.file?.append(payload);
  }
}

/** Distributes keyed records to temporary files, one per part of a key range. */
export class KeyBuckets {
  readonly #range: KeyRange;
  readonly #buckets: readonly OpenBucket[];

  /** @param memory memory for the buffers of all buckets; reusable after `finish` */
  constructor(range: KeyRange, parts: number, memory: Uint8Array, folder: string) {
    this.#range = range;
    const each = Math.min(MAX_BUFFER_BYTES, Math.floor(memory.length / parts));
    this.#buckets = Array.from({ length: parts }, (_, part) => {
      const buffer = memory.subarray(part * each, (part + 1) * each);
      return new OpenBucket(rangeOfPart(range, parts, part), buffer, folder);
    });
  }

  /**
   * Adds a record. If this method returns a promise, await it before changing the payload or adding
   * another record.
   */
  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    return this.#buckets[partOf(this.#range, this.#buckets.length, hi, lo)].add(hi, lo, payload);
  }

  /** Finishes all buckets and returns them in key order. */
  async finish(): Promise<KeyBucket[]> {
    for (const bucket of this.#buckets) await bucket.flush();
    return this.#buckets.map(({ range, count, file }) => ({ range, count, file }));
  }

  /** Closes all files. */
  async close(): Promise<void> {
    for (const { file } of this.#buckets) await file?.close();
  }
}
