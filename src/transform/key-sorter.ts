import { readU32 } from '../bytes/little-endian.ts';
import {
  ALL_KEYS,
  ENTRY_BYTES,
  entryBytes,
  type KeyRange,
  partOf,
  rangeOfPart,
  writeEntry,
} from './keyed-records.ts';
import { RecordArena } from './record-arena.ts';
import { TempFile } from './temp-file.ts';

/** The keyed records of one part of the keys, in a temporary file. */
export interface KeyBucket {
  readonly range: KeyRange;
  readonly count: number;
  /** Undefined where there is no record. */
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

  /** A promise where the payload must stay as it is until that settles. */
  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    this.count++;
    if (this.#used + ENTRY_BYTES + payload.length > this.#buffer.length)
      return this.#addBehind(hi, lo, payload);
    this.#used = writeEntry(this.#buffer, this.#used, hi, lo, payload);
    return undefined;
  }

  async flush(): Promise<void> {
    if (this.#used === 0) return;
    this.file ??= await TempFile.open(this.#folder);
    await this.file.append(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  async #addBehind(hi: number, lo: number, payload: Uint8Array): Promise<void> {
    await this.flush();
    if (ENTRY_BYTES + payload.length <= this.#buffer.length) {
      this.#used = writeEntry(this.#buffer, 0, hi, lo, payload);
      return;
    }
    // Larger than a buffer: its head through the buffer, itself from where it lies.
    this.#used = writeEntry(this.#buffer, 0, hi, lo, EMPTY);
    new DataView(this.#buffer.buffer, this.#buffer.byteOffset).setUint32(0, payload.length, true);
    await this.flush();
    await this.file?.append(payload);
  }
}

const EMPTY = new Uint8Array(0);

/** Deals keyed records out to temporary files, one for each part of a range of keys. */
export class KeyBuckets {
  readonly #range: KeyRange;
  readonly #buckets: readonly OpenBucket[];

  /** @param memory for the buffers of all buckets, free again after `finish` */
  constructor(range: KeyRange, parts: number, memory: Uint8Array, folder: string) {
    this.#range = range;
    const each = Math.min(MAX_BUFFER_BYTES, Math.floor(memory.length / parts));
    this.#buckets = Array.from({ length: parts }, (_, part) => {
      const buffer = memory.subarray(part * each, (part + 1) * each);
      return new OpenBucket(rangeOfPart(range, parts, part), buffer, folder);
    });
  }

  /** Takes a record; where it returns a promise, the payload must stay as it is, and no other be added, until that settles. */
  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    return this.#buckets[partOf(this.#range, this.#buckets.length, hi, lo)].add(hi, lo, payload);
  }

  /** Ends the dealing out; the buckets in the order of their keys, to be closed by the caller. */
  async finish(): Promise<KeyBucket[]> {
    for (const bucket of this.#buckets) await bucket.flush();
    return this.#buckets.map(({ range, count, file }) => ({ range, count, file }));
  }

  /** Closes all files. */
  async close(): Promise<void> {
    for (const { file } of this.#buckets) await file?.close();
  }
}

/** Larger ones make writing no faster. */
const MAX_BUFFER_BYTES = 1024 * 1024;

/** Where the sorted records go, in order; a promise where the payload must stay as it is until that settles. */
export type Emit = (payload: Uint8Array) => Promise<void> | undefined;

/** What is known of the amount. */
export interface SorterLimits {
  /** Memory for records, index and buffers. */
  readonly memoryBytes: number;
  /** For temporary files. */
  readonly folder: string;
  /** Bytes of all records with what stands around them, where that is known. */
  readonly totalBytes: number | undefined;
}

/** Below that the buckets' buffers are too small for writing to be fast. */
const MIN_BUFFER_BYTES = 64 * 1024;
/** Files open at once. */
const MAX_PARTS = 256;
/** Where nothing is known: enough for fifty times the memory in one pass. */
const USUAL_PARTS = 64;
/** Buckets are not all of one size. */
const SPARE = 1.2;

/**
 * Sorts records by 64-bit keys within a limit of memory. What does not fit is dealt out, in the order in which it comes, to temporary files by ranges of keys;
 * then each file is sorted in memory. A file that is too large all the same is dealt out once more.
 */
export class KeySorter {
  readonly #arena: RecordArena;
  readonly #bufferMemory: Uint8Array;
  readonly #mostParts: number;
  readonly #limits: SorterLimits;
  /** All that have been opened. */
  readonly #opened: KeyBuckets[] = [];
  #buckets: KeyBuckets | undefined;

  constructor(limits: SorterLimits) {
    this.#limits = limits;
    this.#arena = new RecordArena(8 * Math.floor(Math.min(limits.memoryBytes / 2, MAX_ARENA_BYTES) / 8));
    this.#bufferMemory = new Uint8Array(Math.floor(Math.min(limits.memoryBytes / 4, MAX_BUFFERS_BYTES)));
    const parts = Math.floor(this.#bufferMemory.length / MIN_BUFFER_BYTES);
    this.#mostParts = Math.min(Math.max(parts, 4), MAX_PARTS);
  }

  /** Takes a record; where it returns a promise, the payload must stay as it is, and no other be added, until that settles. */
  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    if (this.#buckets !== undefined) return this.#buckets.add(hi, lo, payload);
    return this.#arena.add(hi, lo, payload) ? undefined : this.#overflow(hi, lo, payload);
  }

  /** Hands out all records in the order of their keys. */
  async emit(emit: Emit): Promise<void> {
    if (this.#buckets === undefined) await this.#emitArena(ALL_KEYS, emit);
    else for (const bucket of await this.#buckets.finish()) await this.#emitBucket(bucket, emit);
  }

  /** Removes all temporary files. */
  async close(): Promise<void> {
    for (const buckets of this.#opened) await buckets.close();
  }

  /** What memory cannot hold goes on to files. */
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
    if (totalBytes === undefined || count === 0) return Math.min(USUAL_PARTS, this.#mostParts);
    // As if one byte per record stood around the payloads, which is the least there can be.
    const sourceBytes = used - (ENTRY_BYTES - 1) * count;
    return this.#partsFor(((used + ENTRY_BYTES * count) / sourceBytes) * totalBytes);
  }

  #partsFor(bytes: number): number {
    const parts = Math.ceil((SPARE * bytes) / this.#arena.bytes.length);
    return Math.min(Math.max(parts, 2), this.#mostParts);
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

/** Places in the arena have 32 bits; more would not make anything faster. */
const MAX_ARENA_BYTES = 2 ** 31;
const MAX_BUFFERS_BYTES = 2 ** 28;

function addEntry(buckets: KeyBuckets, bytes: Uint8Array, at: number): Promise<void> | undefined {
  const payload = bytes.subarray(at + ENTRY_BYTES, at + entryBytes(bytes, at));
  return buckets.add(readU32(bytes, at + 4), readU32(bytes, at + 8), payload);
}

/** Reads the entries of a file through `window`; one that is larger than that through memory of its own. */
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
    const wanted = have < ENTRY_BYTES ? ENTRY_BYTES : entryBytes(bytes, at);
    if (have >= wanted && have >= ENTRY_BYTES) {
      const start = at + ENTRY_BYTES;
      const taken = take(readU32(bytes, at + 4), readU32(bytes, at + 8), bytes.subarray(start, at + wanted));
      if (taken !== undefined) await taken;
      at += wanted;
      continue;
    }
    const target = wanted > window.length ? new Uint8Array(wanted) : window;
    if (target === bytes) bytes.copyWithin(0, at, end);
    else target.set(bytes.subarray(at, end));
    bytes = target;
    at = 0;
    const read = await file.read(bytes.subarray(have));
    if (read === 0) return;
    end = have + read;
  }
}
