// Scans a memory range frame by frame.
import { crc32c } from './crc32c';
import { SCAN_STATE } from './memory';
import { FRAME_BYTES, HEADER_BYTES, lengthCrc, mask } from './tfrecord-frame';
import { shortLengthCrc } from './tfrecord-lengths';
import { SHORT_PAYLOAD } from './tfrecord-memory';
import { shortPayloadCrc } from './tfrecord-short';

const NEED_MORE: u32 = 0;
const LENGTH_MISMATCH: u32 = 1;
const PAYLOAD_MISMATCH: u32 = 2;
const TOO_LONG: u32 = 3;
const INDEX_FULL: u32 = 4;

const VERIFY_LENGTH: u32 = 1;
const VERIFY_PAYLOAD: u32 = 2;

/**
 * Scans complete valid frames in [start, end). SCAN_STATE contains the position where the scan
 * stopped and the reason.
 */
export function scanTFRecords(start: usize, end: usize, index: usize, capacity: u32, maxBytes: u32, mode: u32): u32 {
  // Memory cannot hold 2^32 - 1 frames.
  const limit: u32 = index == 0 ? ~0 : capacity;
  let at = start;
  let passed: u32 = 0;
  let status = NEED_MORE;
  let expected: u32 = 0;
  let actual: u32 = 0;

  while (end - at >= HEADER_BYTES) {
    if (passed == limit) {
      status = INDEX_FULL;
      break;
    }
    const low = load<u32>(at);
    const high = load<u32>(at, 4);
    const short = high == 0 && low < SHORT_PAYLOAD;
    if (mode & VERIFY_LENGTH) {
      expected = load<u32>(at, 8);
      actual = short ? shortLengthCrc(low) : mask(lengthCrc(low, high));
      if (actual != expected) {
        status = LENGTH_MISMATCH;
        break;
      }
    }
    if (high != 0 || low > maxBytes) {
      status = TOO_LONG;
      break;
    }
    const room = <u32>(end - at);
    if (room < FRAME_BYTES || low > room - FRAME_BYTES) break;
    const payload = at + HEADER_BYTES;
    if (mode & VERIFY_PAYLOAD) {
      expected = load<u32>(payload + low);
      actual = mask(short ? shortPayloadCrc(payload, low) : crc32c(payload, low, 0));
      if (actual != expected) {
        status = PAYLOAD_MISMATCH;
        break;
      }
    }
    if (index != 0) {
      store<u32>(index + (passed << 3), <u32>(payload - start));
      store<u32>(index + (passed << 3), low, 4);
    }
    ++passed;
    at = payload + low + 4;
  }

  const mismatch = status == LENGTH_MISMATCH || status == PAYLOAD_MISMATCH;
  const hasHeader = end - at >= HEADER_BYTES;
  store<u32>(SCAN_STATE, <u32>at);
  store<u32>(SCAN_STATE, status, 4);
  store<u32>(SCAN_STATE, hasHeader ? load<u32>(at) : 0, 8);
  store<u32>(SCAN_STATE, hasHeader ? load<u32>(at, 4) : 0, 12);
  store<u32>(SCAN_STATE, mismatch ? expected : 0, 16);
  store<u32>(SCAN_STATE, mismatch ? actual : 0, 20);
  return passed;
}
