import { readU32 } from '../bytes/little-endian.ts';
import { maskCrc32c } from '../crc32c/mask.ts';
import { tableCrc32c } from '../crc32c/table-kernel.ts';
import {
  CHECK_DATA,
  CHECK_LENGTH,
  DATA_CHECKSUM,
  emptyScan,
  type FrameScan,
  type FrameScanner,
  growIndex,
  LENGTH_CHECKSUM,
  NEED_MORE,
  TOO_LARGE,
} from './frame-scan.ts';
import { FOOTER_BYTES, HEADER_BYTES, LENGTH_BYTES, OVERHEAD_BYTES } from './tfrecord-layout.ts';

const U32 = 2 ** 32;

/** Walks TFRecord frames in plain JavaScript: for hosts without WebAssembly SIMD. The same answers as the kernel's walk. */
export class TFRecordTableScanner implements FrameScanner {
  readonly result: FrameScan = emptyScan();

  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    checks: number,
    maxRecordBytes: number,
    withIndex: boolean,
  ): void {
    const result = this.result;
    let at = from;
    let count = 0;
    result.expected = 0;
    result.actual = 0;
    for (;;) {
      result.lengthLow = 0;
      result.lengthHigh = 0;
      result.stop = NEED_MORE;
      result.wanted = HEADER_BYTES;
      if (to - at < HEADER_BYTES) break;
      result.lengthLow = readU32(bytes, at);
      result.lengthHigh = readU32(bytes, at + 4);
      if ((checks & CHECK_LENGTH) !== 0 && this.differs(bytes, at, LENGTH_BYTES)) {
        result.stop = LENGTH_CHECKSUM;
        break;
      }
      const length = result.lengthHigh * U32 + result.lengthLow;
      if (length > maxRecordBytes) {
        result.stop = TOO_LARGE;
        break;
      }
      result.wanted = length + OVERHEAD_BYTES;
      if (to - at < result.wanted) break;
      const payload = at + HEADER_BYTES;
      if ((checks & CHECK_DATA) !== 0 && this.differs(bytes, payload, length)) {
        result.stop = DATA_CHECKSUM;
        break;
      }
      if (withIndex) {
        result.index = growIndex(result.index, count, count + 1);
        result.index[2 * count] = payload;
        result.index[2 * count + 1] = length;
      }
      count++;
      at = payload + length + FOOTER_BYTES;
    }
    result.count = count;
    result.position = at;
    if (result.stop !== NEED_MORE) result.wanted = 0;
  }

  findHeader(bytes: Uint8Array, from: number, to: number, maxRecordBytes: number): number {
    for (let at = from; at + HEADER_BYTES <= to; at++) {
      const length = readU32(bytes, at + 4) * U32 + readU32(bytes, at);
      if (length <= maxRecordBytes && !this.differs(bytes, at, LENGTH_BYTES)) return at;
    }
    return -1;
  }

  crc32c(bytes: Uint8Array, seed: number): number {
    return tableCrc32c(bytes, seed);
  }

  private differs(bytes: Uint8Array, at: number, length: number): boolean {
    const expected = readU32(bytes, at + length);
    const actual = maskCrc32c(tableCrc32c(bytes.subarray(at, at + length), 0));
    if (expected === actual) return false;
    this.result.expected = expected;
    this.result.actual = actual;
    return true;
  }
}
