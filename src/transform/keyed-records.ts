import { readU32, writeU32 } from '../bytes/binary-data.ts';

// Layout of a keyed record, in memory and in temporary files: the payload length, the upper half of
// the key, and the lower half of the key, each as a 32-bit little-endian integer, then the payload.

/** Size of an entry's header, in bytes. */
export const ENTRY_BYTES = 12;

/** A range of keys as floating-point numbers. Rounding preserves the order of keys. */
export interface KeyRange {
  readonly from: number;
  readonly width: number;
}

/** The range of all 64-bit keys. */
export const ALL_KEYS: KeyRange = Object.freeze({ from: 0, width: 2 ** 64 });

/**
 * Returns the number of the part that contains a key if the range is divided into `parts` equal
 * parts. The result is monotonic in the key.
 */
export function partOf(range: KeyRange, parts: number, hi: number, lo: number): number {
  const part = Math.floor(((hi * 2 ** 32 + lo - range.from) / range.width) * parts);
  return part < 0 ? 0 : part < parts ? part : parts - 1;
}

/** Returns the range of a part if a range is divided into `parts` equal parts. */
export function rangeOfPart({ from, width }: KeyRange, parts: number, part: number): KeyRange {
  return { from: from + (width / parts) * part, width: width / parts };
}

/** Writes an entry, for which there must be room, and returns the index after it. */
export function writeEntry(
  target: Uint8Array,
  at: number,
  hi: number,
  lo: number,
  payload: Uint8Array,
): number {
  writeU32(target, at, payload.length);
  writeU32(target, at + 4, hi);
  writeU32(target, at + 8, lo);
  target.set(payload, at + ENTRY_BYTES);
  return at + ENTRY_BYTES + payload.length;
}

/** Returns the size of the entry at `at`. */
export function entryBytes(bytes: Uint8Array, at: number): number {
  return ENTRY_BYTES + readU32(bytes, at);
}

/** Reports whether the key of the entry at `a` is less than the key of the entry at `b`. */
function keyIsLess(bytes: Uint8Array, a: number, b: number): boolean {
  const left = readU32(bytes, a + 4);
  const right = readU32(bytes, b + 4);
  return left < right || (left === right && readU32(bytes, a + 8) < readU32(bytes, b + 8));
}

/** Memory for sorting, in bytes per record: eight for the sort key and four for the position. */
const INDEX_BYTES = 12;
/**
 * Number of distinct key prefixes. A sort key combines 29 bits of the key with a 24-bit record
 * number, which fit in the 53 bits of a double.
 */
const KEY_PARTS = 2 ** 29;
const MAX_RECORDS = 2 ** 24;

/** Keyed records in one block of memory, with their index at the end of the block. */
export class RecordArena {
  readonly bytes: Uint8Array;
  /** Number of bytes used by entries. */
  used = 0;
  count = 0;

  /** @param bytes size of the block; a multiple of eight */
  constructor(bytes: number) {
    // The operating system allocates pages on first use.
    this.bytes = new Uint8Array(new ArrayBuffer(bytes));
  }

  /**
   * Reports whether the arena can hold and sort `count` entries with a total size of
   * `entriesBytes`.
   */
  holds(count: number, entriesBytes: number): boolean {
    return count <= MAX_RECORDS && entriesBytes + count * INDEX_BYTES + 8 <= this.bytes.length;
  }

  /** Adds a record. Returns false if it does not fit. */
  add(hi: number, lo: number, payload: Uint8Array): boolean {
    if (!this.holds(this.count + 1, this.used + ENTRY_BYTES + payload.length)) return false;
    this.used = writeEntry(this.bytes, this.used, hi, lo, payload);
    this.count++;
    return true;
  }

  clear(): void {
    this.used = 0;
    this.count = 0;
  }

  /**
   * Returns the position of each entry, in key order. The result is valid until the arena changes.
   * @param range a range that contains all keys
   */
  sorted(range: KeyRange): Uint32Array {
    const { bytes, count } = this;
    const start = bytes.length - 8 * count;
    const order = new Float64Array(bytes.buffer, start, count);
    const places = new Uint32Array(bytes.buffer, start - 4 * count, count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      places[i] = at;
      order[i] = partOf(range, KEY_PARTS, readU32(bytes, at + 4), readU32(bytes, at + 8)) * MAX_RECORDS + i;
      at += entryBytes(bytes, at);
    }
    order.sort();
    // The sorted positions overwrite the sort keys from the beginning: four bytes for every eight
    // read.
    const result = new Uint32Array(bytes.buffer, start, count);
    let run = 0;
    let runPart = -1;
    for (let i = 0; i < count; i++) {
      const part = Math.floor(order[i] / MAX_RECORDS);
      const place = places[order[i] - part * MAX_RECORDS];
      if (part !== runPart) {
        run = i;
        runPart = part;
      }
      // The few entries with equal prefixes are sorted by their full keys.
      let to = i;
      while (to > run && keyIsLess(bytes, place, result[to - 1])) {
        result[to] = result[to - 1];
        to--;
      }
      result[to] = place;
    }
    return result;
  }
}
