import { hostModule } from '../../bytes/host.ts';
import { unclearedMemory } from '../../bytes/uncleared-memory.ts';
import { UsageError } from '../../errors.ts';
import { findMalformedUtf8 } from '../../formats/utf8.ts';
import type { FeatureCursor } from './feature-cursor.ts';
import { BYTES } from './list-cursor.ts';

/** Maximum size of a value for which copying byte by byte is faster than creating a view. */
const MAX_SHORT_BYTES = 40;
/** Maximum size of the data of a vector: offsets are 32-bit integers. */
const MAX_DATA_BYTES = 2 ** 31 - 1;
/** Maximum size of the data of a column whose values are collected as they are found. */
const MAX_PUT_BYTES = 1024 * 1024;
/** Initial number of values for which there is memory. */
const MIN_VALUES = 1024;
const NO_BYTES = new Uint8Array(0);

/** Byte strings in contiguous memory. String `i` is `data[offsets[i], offsets[i + 1])`. */
export interface ContiguousBytes {
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

/** Collects byte strings in contiguous memory: a `ValueCollector`. */
export class ContiguousCollector {
  readonly kind: number = BYTES;
  #data: Uint8Array = NO_BYTES;
  #reused: Uint8Array = NO_BYTES;
  #at = 0;
  /** Offsets of the values so far, in memory that is reused across columns. */
  #offsets = new Int32Array(MIN_VALUES);

  /** Starts a column whose size in bytes is unknown. Its memory is reused across columns. */
  begin(): void {
    this.#data = this.#reused;
    this.#at = 0;
  }

  beginLists(bytes: number): void {
    if (bytes > MAX_DATA_BYTES) throw tooLarge(bytes);
    this.#data = new Uint8Array(unclearedMemory(bytes));
    this.#at = 0;
  }

  add(cursor: FeatureCursor, to: number): number {
    if (cursor.isOneRun) {
      this.#append(cursor, to);
      return to + 1;
    }
    for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) this.#append(cursor, to++);
    cursor.check();
    return to;
  }

  /** Values of a record replace those that it already has, because the last feature is used. */
  put(cursor: FeatureCursor, to: number, count: number): boolean {
    if (cursor.kind !== BYTES || !cursor.isOneRun || count !== 1) return false;
    this.#at = this.#offsets[to];
    if (this.#at + cursor.runEnd - cursor.runStart > MAX_PUT_BYTES) return false;
    this.#append(cursor, to);
    return true;
  }

  /** Adds empty values. */
  fill(from: number, to: number): void {
    for (let i = from; i < to; i++) this.#end(i);
  }

  finish(count: number): ContiguousBytes {
    const data = this.#data;
    const end = this.#at;
    this.#data = NO_BYTES;
    const offsets = this.#offsets.slice(0, count + 1);
    if (data === this.#reused) return { offsets, data: data.slice(0, end) };
    // The caller sees the whole buffer, and uncleared memory may contain anything.
    if (end < data.length) data.fill(0, end);
    return { offsets, data: data.subarray(0, end) };
  }

  finishOne(): Uint8Array {
    return this.finish(1).data;
  }

  #append(cursor: FeatureCursor, to: number): void {
    const { list, runStart, runEnd } = cursor;
    let at = this.#at;
    if (at + runEnd - runStart > this.#data.length) this.#grow(at + runEnd - runStart);
    const data = this.#data;
    if (runEnd - runStart <= MAX_SHORT_BYTES) for (let i = runStart; i < runEnd; i++) data[at++] = list[i];
    else {
      const { offset, buffer } = cursor;
      data.set(new Uint8Array(buffer, offset + runStart, runEnd - runStart), at);
      at += runEnd - runStart;
    }
    this.#at = at;
    this.#end(to);
  }

  /** Grows the memory of a column whose size was unknown. */
  #grow(bytes: number): void {
    if (bytes > MAX_DATA_BYTES) throw tooLarge(bytes);
    const grown = new Uint8Array(Math.min(2 * bytes, MAX_DATA_BYTES));
    grown.set(this.#data.subarray(0, this.#at));
    this.#data = this.#reused = grown;
  }

  /** Ends the value at an index. */
  #end(index: number): void {
    if (index + 1 >= this.#offsets.length) {
      const grown = new Int32Array(2 * this.#offsets.length);
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    this.#offsets[index + 1] = this.#at;
  }
}

function tooLarge(bytes: number): UsageError {
  return new UsageError(
    `records: expected columns of at most 2^31 - 1 bytes, got ${bytes}; use smaller batches`,
  );
}

/** Returns the index of the first value that is not UTF-8, or -1 if there is none. */
export function findMalformedText({ offsets, data }: ContiguousBytes): number {
  if (isText(data) && startsCharacters(offsets, data)) return -1;
  for (let i = 0; i + 1 < offsets.length; i++)
    if (findMalformedUtf8(data, offsets[i], offsets[i + 1]) >= 0) return i;
  return -1;
}

function isText(data: Uint8Array): boolean {
  return hostModule('node:buffer')?.isUtf8(data) ?? findMalformedUtf8(data, 0, data.length) < 0;
}

/** Reports whether no value begins inside a character of text. */
function startsCharacters(offsets: Int32Array, data: Uint8Array): boolean {
  const end = offsets.length - 1;
  for (let i = 0; i < end; i++) if ((data[offsets[i]] & 0xc0) === 0x80) return false;
  return true;
}
