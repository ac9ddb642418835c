// Cutting a stretch of memory into lines. A delimiter has 1 to 256 bytes; places where its first and its last byte fit are found
// sixteen at a time, the bytes between them are compared only there. Of matches that overlap the leftmost counts.
// Reads up to 63 bytes behind `end`, and one byte in front of a line.
import { SCAN_STATE } from './memory';

const NEED_MORE: u32 = 0;
const INDEX_FULL: u32 = 1;
const TOO_LONG: u32 = 2;

/** `flags`: what is stripped off the end of a line, and whether lines of which nothing is left are passed over. */
const STRIP_ONE_CR: u32 = 1;
const STRIP_ALL_CR: u32 = 2;
const SKIP_BLANK: u32 = 4;

const CR: u32 = 13;
const NOT_FOUND: u32 = 0xffffffff;

/**
 * Cuts whole lines off [start, end) until the index is full or a line is too long, and writes (start + base, length) of each, start counted
 * from `start`. A line is too long when it has more than `maxBytes` bytes, not counting the delimiter and one CR that is stripped.
 * SCAN_STATE: where the first line begins that was not cut off, why it stopped, and how many bytes the lines have in all.
 */
export function scanLines(
  start: usize,
  end: usize,
  delimiter: usize,
  delimiterBytes: u32,
  index: usize,
  capacity: u32,
  base: u32,
  maxBytes: u32,
  flags: u32,
): u32 {
  const last = delimiterBytes - 1;
  const first = i8x16.splat(load<i8>(delimiter));
  const final = i8x16.splat(load<i8>(delimiter + last));
  // A delimiter begins below `bound`.
  const bound = end - start > last ? end - last : start;
  const strips = flags & (STRIP_ONE_CR | STRIP_ALL_CR);
  const shift = base - <u32>start;
  let line = start;
  let out = index;
  const full = index + (<usize>capacity << 3);
  let bytes: u32 = 0;
  let status = NEED_MORE;

  for (let at = start; at < bound; at += 64) {
    let found = matches(at, last, first, final);
    if (bound - at < 64) found &= (<u64>1 << (bound - at)) - 1;
    while (found != 0) {
      const stop = at + <usize>ctz(found);
      found &= found - 1;
      if (last > 0 && (stop < line || (last > 1 && !fits(stop, delimiter, last)))) continue;
      let length = <u32>(stop - line);
      if (strips != 0) {
        length -= <u32>(load<u8>(stop - 1) == CR) & <u32>(length != 0);
        if (length > maxBytes) {
          status = TOO_LONG;
          break;
        }
        if (flags & STRIP_ALL_CR) while (length != 0 && load<u8>(line + length - 1) == CR) --length;
      } else if (length > maxBytes) {
        status = TOO_LONG;
        break;
      }
      if (length != 0 || !(flags & SKIP_BLANK)) {
        if (out == full) {
          status = INDEX_FULL;
          break;
        }
        store<u32>(out, <u32>line + shift);
        store<u32>(out, length, 4);
        out += 8;
        bytes += length;
      }
      line = stop + delimiterBytes;
    }
    if (status != NEED_MORE) break;
  }

  store<u32>(SCAN_STATE, <u32>line);
  store<u32>(SCAN_STATE, status, 4);
  store<u32>(SCAN_STATE, bytes, 8);
  return <u32>(out - index) >> 3;
}

/** Address of the first delimiter in [start, end). */
export function findDelimiter(start: usize, end: usize, delimiter: usize, delimiterBytes: u32): u32 {
  const last = delimiterBytes - 1;
  const first = i8x16.splat(load<i8>(delimiter));
  const final = i8x16.splat(load<i8>(delimiter + last));
  const bound = end - start > last ? end - last : start;
  for (let at = start; at < bound; at += 64) {
    let found = matches(at, last, first, final);
    if (bound - at < 64) found &= (<u64>1 << (bound - at)) - 1;
    while (found != 0) {
      const place = at + <usize>ctz(found);
      if (last < 2 || fits(place, delimiter, last)) return <u32>place;
      found &= found - 1;
    }
  }
  return NOT_FOUND;
}

/** Which of the 64 places from `at` on hold the delimiter's first byte and, `last` bytes on, its last. */
// @ts-ignore: decorator
@inline
function matches(at: usize, last: u32, first: v128, final: v128): u64 {
  const a = v128.and(i8x16.eq(v128.load(at), first), i8x16.eq(v128.load(at + last), final));
  const b = v128.and(i8x16.eq(v128.load(at, 16), first), i8x16.eq(v128.load(at + last, 16), final));
  const c = v128.and(i8x16.eq(v128.load(at, 32), first), i8x16.eq(v128.load(at + last, 32), final));
  const d = v128.and(i8x16.eq(v128.load(at, 48), first), i8x16.eq(v128.load(at + last, 48), final));
  const low = <u64>(<u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16));
  const high = <u64>(<u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16));
  return low | (high << 32);
}

/** Whether the bytes between the delimiter's first and last one are at `at` as well. */
function fits(at: usize, delimiter: usize, last: u32): bool {
  for (let i: u32 = 1; i < last; ++i) if (load<u8>(at + i) != load<u8>(delimiter + i)) return false;
  return true;
}
