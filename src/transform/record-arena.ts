import { readU32 } from '../bytes/little-endian.ts';
import { ENTRY_BYTES, entryBytes, type KeyRange, keyIsLess, partOf, writeEntry } from './keyed-records.ts';

/** What sorting needs of memory for each record: eight bytes to sort by, four for its place. */
const INDEX_BYTES = 12;
/** A record is sorted by 29 bits of its key and carries 24 bits of its number along: together a double's 53. */
const KEY_PARTS = 2 ** 29;
const MAX_RECORDS = 2 ** 24;

/** Keyed records in one piece of memory, their index at its end. */
export class RecordArena {
  readonly bytes: Uint8Array;
  /** Bytes of the entries so far. */
  used = 0;
  count = 0;

  /** @param bytes a multiple of eight */
  constructor(bytes: number) {
    // Pages that are never touched cost nothing.
    this.bytes = new Uint8Array(new ArrayBuffer(bytes));
  }

  /** Whether so many entries of so many bytes can be held and sorted. */
  holds(count: number, entriesBytes: number): boolean {
    return count <= MAX_RECORDS && entriesBytes + count * INDEX_BYTES + 8 <= this.bytes.length;
  }

  /** Takes a record; false where there is no room. */
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
   * Where each entry begins, in the order of the keys; valid until the arena changes.
   * @param range in which all keys lie
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
    // The sorted places take the room of the numbers they come from, from the front: four bytes each where eight were read.
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
      // Those that the 29 bits do not tell apart, a few, are put in order by whole keys.
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
