// Finds the next frame after damage.
import { HEADER_BYTES, lengthCrc, mask } from './tfrecord-frame';
import { shortLengthCrc } from './tfrecord-lengths';
import { SHORT_PAYLOAD } from './tfrecord-memory';

const NOT_FOUND: u32 = 0xffffffff;

/**
 * Returns the first address in [start, end - 12] with a valid header: length <= maxBytes and a
 * matching CRC.
 */
export function findTFRecordHeader(start: usize, end: usize, maxBytes: u32): u32 {
  // Check sixteen addresses at once. Lengths above u32 are not valid, so the upper half must be
  // zero.
  while (end - start >= 32) {
    const upper = v128.or(v128.or(v128.load(start, 4), v128.load(start, 5)), v128.or(v128.load(start, 6), v128.load(start, 7)));
    let candidates = i8x16.bitmask(i8x16.eq(upper, i8x16.splat(0)));
    while (candidates != 0) {
      const at = start + ctz(candidates);
      if (isHeader(at, maxBytes)) return <u32>at;
      candidates &= candidates - 1;
    }
    start += 16;
  }
  while (end - start >= HEADER_BYTES) {
    if (load<u32>(start, 4) == 0 && isHeader(start, maxBytes)) return <u32>start;
    ++start;
  }
  return NOT_FOUND;
}

/**
 * Whether the length at `at`, whose upper half is zero, is small enough and followed by its CRC.
 */
// @ts-ignore: decorator
@inline
function isHeader(at: usize, maxBytes: u32): bool {
  const length = load<u32>(at);
  if (length > maxBytes) return false;
  return load<u32>(at, 8) == (length < SHORT_PAYLOAD ? shortLengthCrc(length) : mask(lengthCrc(length, 0)));
}
