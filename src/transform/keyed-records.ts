import { readU32, writeU32 } from '../bytes/binary-data.ts';

// Layout of a keyed record, in memory and in temporary files: payload length, upper and lower half
// of the key, each 32 bits little-endian, then the payload.

/** Bytes before a payload. */
export const ENTRY_BYTES = 12;

/** A range of keys, rounded to numbers, which keeps their order. */
export interface KeyRange {
  readonly from: number;
  readonly width: number;
}

/** All keys of 64 bits. */
export const ALL_KEYS: KeyRange = Object.freeze({ from: 0, width: 2 ** 64 });

/** Which of `parts` equal parts of the range holds a key. Never decreases as keys grow. */
export function partOf(range: KeyRange, parts: number, hi: number, lo: number): number {
  const part = Math.floor(((hi * 2 ** 32 + lo - range.from) / range.width) * parts);
  return part < 0 ? 0 : part < parts ? part : parts - 1;
}

/** One of `parts` equal parts of a range. */
export function rangeOfPart({ from, width }: KeyRange, parts: number, part: number): KeyRange {
  return { from: from + (width / parts) * part, width: width / parts };
}

/** Writes an entry, for which there must be room. Returns the index after it. */
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

/** Bytes of the entry that begins at `at`. */
export function entryBytes(bytes: Uint8Array, at: number): number {
  return ENTRY_BYTES + readU32(bytes, at);
}

/** Whether the key of the entry at `a` is smaller than that at `b`. */
function keyIsLess(bytes: Uint8Array, a: number, b: number): boolean {
  const left = readU32(bytes, a + 4);
  const right = readU32(bytes, b + 4);
  return left < right || (left === right && readU32(bytes, a + 8) < readU32(bytes, b + 8));
}

/** Memory that sorting needs per record: eight bytes to sort by, four for its place. */
const INDEX_BYTES = 12;
/**
 * Records are sorted by 29 bits of the key, with 24 bits of the record number: together the 53 bits
 * of a double.
 */
const KEY_PARTS = 2 ** 29;
const MAX_RECORDS = 2 ** 24;

/** Keyed records in one block of memory, with their index at its end. */
export class RecordArena {
  readonly bytes: Uint8Array;
  /** Bytes of the entries so far. */
  used = 0;
  count = 0;

  /** @param bytes a multiple of eight */
  constructor(bytes: number) {
    // Untouched pages cost nothing.
    this.bytes = new Uint8Array(new ArrayBuffer(bytes));
  }

  /** Whether the arena can hold and sort `count` entries of `entriesBytes` in total. */
  holds(count: number, entriesBytes: number): boolean {
    return count <= MAX_RECORDS && entriesBytes + count * INDEX_BYTES + 8 <= this.bytes.length;
  }

  /** Adds a record. Returns false if there is no room. */
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
   * The index of each entry, in the order of the keys. Valid until the arena changes.
   * @param range a range that holds all keys
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
    // The sorted places overwrite the numbers they come from, from the front: four bytes each after
    // eight were read.
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
      // The few entries with equal 29 bits are sorted by whole keys.
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
