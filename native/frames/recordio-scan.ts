// Scans a memory range record by record.
import { SCAN_STATE } from './memory';

const MAGIC: u32 = 0xced7230a;
const HEADER_BYTES: u32 = 8;

const NEED_MORE: u32 = 0;
const BAD_MAGIC: u32 = 1;
const IN_PARTS: u32 = 2;
const TOO_LARGE: u32 = 3;
const BAD_PADDING: u32 = 4;
const INDEX_FULL: u32 = 5;

/**
 * Scans complete single-part records in [start, end). SCAN_STATE contains the position where the
 * scan stopped and the reason.
 * @param index address for `capacity` pairs (start, length) of the payloads, or 0 to write none
 */
export function scanRecordIO(
  start: usize,
  end: usize,
  index: usize,
  capacity: u32,
  maxBytes: u32,
  strictPadding: bool,
): u32 {
  // Memory cannot hold 2^32 - 1 records.
  const limit: u32 = index == 0 ? ~0 : capacity;
  let at = start;
  let passed: u32 = 0;
  let payloadBytes: u32 = 0;
  let status = NEED_MORE;

  while (end - at >= HEADER_BYTES) {
    if (passed == limit) {
      status = INDEX_FULL;
      break;
    }
    if (load<u32>(at) != MAGIC) {
      status = BAD_MAGIC;
      break;
    }
    // If no flag is set, the word is the length.
    const length = load<u32>(at, 4);
    if (length >>> 29 != 0) {
      status = IN_PARTS;
      break;
    }
    if (length > maxBytes) {
      status = TOO_LARGE;
      break;
    }
    const room = <u32>(end - at) - HEADER_BYTES;
    const padded = (length + 3) & ~3;
    if (padded > room) break;
    const payload = at + HEADER_BYTES;
    if (strictPadding && padded != length) {
      if (load<u32>(payload + (length & ~3)) >>> ((length & 3) << 3) != 0) {
        status = BAD_PADDING;
        break;
      }
    }
    if (index != 0) {
      store<u32>(index + (passed << 3), <u32>(payload - start));
      store<u32>(index + (passed << 3), length, 4);
    }
    ++passed;
    payloadBytes += length;
    at = payload + padded;
  }

  const hasHeader = end - at >= HEADER_BYTES;
  store<u32>(SCAN_STATE, <u32>at);
  store<u32>(SCAN_STATE, status, 4);
  store<u32>(SCAN_STATE, hasHeader ? load<u32>(at, 4) : 0, 8);
  store<u32>(SCAN_STATE, payloadBytes, 12);
  return passed;
}
