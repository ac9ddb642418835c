// CRC-32C of a stretch of memory: which way for which length.
import { foldFew } from './fold-few';
import { foldLongEnd, foldLongStart } from './fold-long';
import { foldMedium } from './fold-medium';
import { foldShort } from './fold-short';
import { step8, step64, step128 } from './tables';

/** CRC-32C of `length` bytes at `ptr`; `seed` is the CRC of the bytes before them (0 at the start). */
export function crc32c(ptr: usize, length: u32, seed: u32): u32 {
  let state = ~seed;
  if (length >= 16384) {
    foldLongStart(state);
    return ~foldLongEnd(ptr, length);
  }
  if (length < 64) return ~updateSmall(ptr, length, state);
  if (length < 256) return ~foldShort(ptr, length, state);
  if (length < 768) return ~foldFew(ptr, length, state);
  return ~foldMedium(ptr, length, state);
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
