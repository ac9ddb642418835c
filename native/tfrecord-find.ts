// Looking for the next frame behind damage.
import { HEADER_BYTES, lengthCrc, mask } from './tfrecord-frame';

const NOT_FOUND: u32 = 0xffffffff;

/** First address in [start, end - 12] that reads as a header: length <= maxBytes, good length CRC. */
export function findTFRecordHeader(start: usize, end: usize, maxBytes: u32): u32 {
  while (end - start >= HEADER_BYTES) {
    const high = load<u32>(start, 4);
    if (high != 0) {
      // No header contains the high word's last non-zero byte before its own fourth byte.
      start += 4 - (clz(high) >>> 3);
      continue;
    }
    const low = load<u32>(start);
    if (low <= maxBytes && load<u32>(start, 8) == mask(lengthCrc(low, 0))) return <u32>start;
    ++start;
  }
  return NOT_FOUND;
}
