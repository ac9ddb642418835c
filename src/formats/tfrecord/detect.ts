import { hex32, readU32 } from '../../bytes/binary-data.ts';
import { crc32c, maskCrc32c } from '../../crc32c/crc32c.ts';
import { type Compression, compressionOf } from '../compression.ts';
import type { Detection } from '../record-format.ts';
import { HEADER_BYTES, LENGTH_BYTES } from './layout.ts';

/** Whether the 12 bytes at `at` are a header with a valid length checksum. */
export function hasHeader(head: Uint8Array, at = 0): boolean {
  return head.length >= at + HEADER_BYTES && lengthChecksum(head, at) === readU32(head, at + LENGTH_BYTES);
}

/** How likely a file that begins with these bytes is TFRecord. */
export function detect(head: Uint8Array): Detection {
  if (hasHeader(head)) return { certainty: 'certain', reason: 'the checksum of its first length is good' };
  const record = findHeader(head);
  if (record > 0)
    return { certainty: 'damaged', reason: `its first header is damaged, a good one is at byte ${record}` };
  const short = head.length < HEADER_BYTES;
  // The upper half of a length is zero in all but absurd files.
  if (head.length > 0 && head.subarray(4, LENGTH_BYTES).every((byte) => byte === 0)) {
    const truncated = short && head.length >= LENGTH_BYTES && readU32(head, 0) !== 0;
    const but = short ? 'its header is not whole' : 'their checksum is wrong';
    const reason = `its first ${LENGTH_BYTES} bytes may be a length, but ${but}`;
    return { certainty: truncated ? 'truncated' : 'possible', reason };
  }
  if (short) return { certainty: 'no', reason: `only ${head.length} bytes` };
  const [expected, actual] = [lengthChecksum(head, 0), readU32(head, LENGTH_BYTES)].map(hex32);
  return {
    certainty: 'no',
    reason: `not TFRecord (the checksum of its first length is ${expected}, not ${actual})`,
  };
}

/**
 * The compression of a TFRecord stream by its first bytes: a valid first header means `none`, whatever else
 * it looks like; otherwise the gzip or zlib magic decides. Anything else is `none`, and fails with a reason.
 *
 * @param head the first bytes, 64 are enough
 * @example
 * ```ts
 * import { gzipSync } from 'node:zlib';
 * import { detectCompression, encodeTFRecord } from 'recordpipe';
 * const record = encodeTFRecord(Uint8Array.of(7));
 * console.log(detectCompression(record), detectCompression(gzipSync(record))); // none gzip
 * ```
 */
export function detectCompression(head: Uint8Array): Compression {
  return hasHeader(head) ? 'none' : compressionOf(head);
}

/** Position of the first valid header after the first byte; -1 if there is none. */
function findHeader(head: Uint8Array): number {
  for (let at = 1; at + HEADER_BYTES <= head.length; at++)
    if (readU32(head, at + 4) === 0 && hasHeader(head, at)) return at;
  return -1;
}

function lengthChecksum(head: Uint8Array, at: number): number {
  return maskCrc32c(crc32c(head.subarray(at, at + LENGTH_BYTES)));
}
