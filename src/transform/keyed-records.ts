import { readU32, writeU32 } from '../bytes/little-endian.ts';

// A keyed record in memory and in temporary files: length, upper and lower half of its key, each 32 bits little-endian, then the payload.

/** Bytes in front of a payload. */
export const ENTRY_BYTES = 12;

/** A range of keys, as numbers: keys are taken for numbers by rounding, which keeps their order. */
export interface KeyRange {
  readonly from: number;
  readonly width: number;
}

/** All keys of 64 bits. */
export const ALL_KEYS: KeyRange = Object.freeze({ from: 0, width: 2 ** 64 });

/** Which of `parts` equal parts of the range a key lies in. Never decreases as keys grow. */
export function partOf(range: KeyRange, parts: number, hi: number, lo: number): number {
  const part = Math.floor(((hi * 2 ** 32 + lo - range.from) / range.width) * parts);
  return part < 0 ? 0 : part < parts ? part : parts - 1;
}

/** One of `parts` equal parts of a range. */
export function rangeOfPart({ from, width }: KeyRange, parts: number, part: number): KeyRange {
  return { from: from + (width / parts) * part, width: width / parts };
}

/** Writes an entry, for which there is room; returns the index behind it. */
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

/** Whether the key of the entry at `a` is the smaller one. */
export function keyIsLess(bytes: Uint8Array, a: number, b: number): boolean {
  const left = readU32(bytes, a + 4);
  const right = readU32(bytes, b + 4);
  return left < right || (left === right && readU32(bytes, a + 8) < readU32(bytes, b + 8));
}
