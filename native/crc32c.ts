// CRC-32C of a stretch of memory: which way for which length.
import { foldFew } from './fold-few';
import { foldLongEnd, foldLongPart, foldLongStart } from './fold-long';
import { foldMedium } from './fold-medium';
import { foldShort } from './fold-short';
import { step8, step64, step128 } from './tables';

/** CRC-32C of `length` bytes at `ptr`; `seed` is the CRC of the bytes before them (0 at the start). */
export function crc32c(ptr: usize, length: u32, seed: u32): u32 {
  if (length < 64) return ~updateSmall(ptr, length, ~seed);
  if (length < 320) return ~foldShort(ptr, length, ~seed);
  if (length < 1024) return ~foldFew(ptr, length, ~seed);
  if (length < 20480) return ~foldMedium(ptr, length, ~seed);
  foldLongStart(~seed);
  return ~foldLongEnd(ptr, length);
}

/** Begins a long message that comes in parts, which may all lie at the same place, one after the other. One at a time. */
export function crc32cStart(seed: u32): void {
  foldLongStart(~seed);
}

/** The next part: `length` is a multiple of 256. */
export function crc32cPart(ptr: usize, length: u32): void {
  foldLongPart(ptr, length);
}

/** CRC-32C of the message, whose last part has at least 5632 bytes, as the parts before it have together. */
export function crc32cEnd(ptr: usize, length: u32): u32 {
  return ~foldLongEnd(ptr, length);
}

/** Raw register (no inversions) after `length` more bytes, by tables alone. */
export function updateSmall(ptr: usize, length: u32, state: u32): u32 {
  while (length >= 16) {
    state = step128(state, load<u32>(ptr), load<u32>(ptr, 4), load<u32>(ptr, 8), load<u32>(ptr, 12));
    ptr += 16;
    length -= 16;
  }
  if (length >= 8) {
    state = step64(state, load<u32>(ptr), load<u32>(ptr, 4));
    ptr += 8;
    length -= 8;
  }
  while (length > 0) {
    state = step8(state, load<u8>(ptr));
    ++ptr;
    --length;
  }
  return state;
}
