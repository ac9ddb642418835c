// Computes the CRC-32C of a memory range. Selects the algorithm by length.
import { foldFew } from './fold-few';
import { foldLongEnd, foldLongPart, foldLongStart } from './fold-long';
import { foldMedium } from './fold-medium';
import { foldShort } from './fold-short';
import { step8, step64, step128 } from './tables';

/**
 * Returns the CRC-32C of `length` bytes at `ptr`; `seed` is the CRC of the preceding bytes (0 at
 * the start).
 */
export function crc32c(ptr: usize, length: u32, seed: u32): u32 {
  if (length < 64) return ~updateSmall(ptr, length, ~seed);
  if (length < 320) return ~foldShort(ptr, length, ~seed);
  if (length < 1024) return ~foldFew(ptr, length, ~seed);
  if (length < 20480) return ~foldMedium(ptr, length, ~seed);
  foldLongStart(~seed);
  return ~foldLongEnd(ptr, length);
}

/**
 * Starts a long message in parts. Parts may reuse the same address. Only one message can be in
 * progress.
 */
export function crc32cStart(seed: u32): void {
  foldLongStart(~seed);
}

/** Adds the next part. `length` must be a multiple of 256. */
export function crc32cPart(ptr: usize, length: u32): void {
  foldLongPart(ptr, length);
}

/**
 * Adds the last part and returns the CRC-32C of the message. The last part must have at least 5632
 * bytes, and so must all earlier parts together.
 */
export function crc32cEnd(ptr: usize, length: u32): u32 {
  return ~foldLongEnd(ptr, length);
}

/**
 * Returns the raw register (no inversions) after `length` more bytes, computed only with tables.
 */
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
