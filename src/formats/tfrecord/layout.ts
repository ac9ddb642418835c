import { hex32, readU32, u64Text } from '../../bytes/binary-data.ts';
import { describeForeignFile } from '../../bytes/sniff.ts';
import { crc32c, maskCrc32c } from '../../crc32c/crc32c.ts';
import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import { type Compression, compressionOf } from '../codec-options.ts';
import { DATA_CHECKSUM, type FrameScan, LENGTH_CHECKSUM } from '../frame-scan.ts';
import type { Detection } from '../record-format.ts';

/**
 * Size of a length field. A TFRecord frame consists of a length (u64, little-endian), the masked
 * CRC-32C of these 8 bytes, the payload, and the masked CRC-32C of the payload. Source:
 * TensorFlow's record_writer.
 */
export const LENGTH_BYTES = 8;
/** Size of the length and its checksum. */
export const HEADER_BYTES = 12;
/** Size of the checksum of the payload. */
export const FOOTER_BYTES = 4;
/** Number of bytes of a frame in addition to its payload. */
export const OVERHEAD_BYTES: number = HEADER_BYTES + FOOTER_BYTES;

/**
 * The value that SageMaker Debugger writes in every record when it does not compute payload
 * checksums: the masked checksum of a fixed string.
 */
export const SMDEBUG_DATA_CRC = 0x062dc0b3;

/** Maximum size of a payload: the size of a frame must fit into a 32-bit address. */
export const MAX_RECORD_BYTES: number = 2 ** 32 - 64;

/**
 * Checks the size of a payload.
 * @throws UsageError for a payload that is too large for a record
 */
export function checkPayload({ length }: Uint8Array): void {
  if (length > MAX_RECORD_BYTES)
    throw new UsageError(`write: expected a record of up to ${MAX_RECORD_BYTES} bytes, got ${length}`);
}

/**
 * Returns the error for an invalid frame.
 * @param head the first available bytes of the frame, which may reveal the cause
 */
export function scanError(
  scan: FrameScan,
  maxRecordBytes: number,
  head: Uint8Array,
  place: ErrorPlace,
): RecordpipeError {
  const { stop, expected, actual, lengthLow, lengthHigh } = scan;
  const sums = `expected ${hex32(expected)}, got ${hex32(actual)}`;
  if (stop === LENGTH_CHECKSUM) {
    const reason = lengthReason(head, place.offset ?? 0);
    return new RecordpipeError(
      'length-checksum',
      `tfrecord: length checksum mismatch: ${sums}${reason}`,
      place,
    );
  }
  if (stop === DATA_CHECKSUM) {
    const reason =
      expected === SMDEBUG_DATA_CRC
        ? "; SageMaker's debugger writes this constant instead of checksums: read with payloadCrc: 'smdebug'"
        : `; the payload (${u64Text(lengthLow, lengthHigh)} bytes) is corrupt`;
    return new RecordpipeError('data-checksum', `tfrecord: data checksum mismatch: ${sums}${reason}`, place);
  }
  const length = u64Text(lengthLow, lengthHigh);
  const text = `tfrecord: record too large: its header declares ${length} bytes, but the limit is ${maxRecordBytes} (maxRecordBytes)`;
  return new RecordpipeError('record-too-large', text, place);
}

/** Returns the error for fewer than 12 bytes at the end of the stream. */
export function truncatedHeader(have: number, place: ErrorPlace): RecordpipeError {
  const text = `tfrecord: truncated header: the stream ends after ${have} of ${HEADER_BYTES} bytes; the file is truncated, or its writer was not closed`;
  return new RecordpipeError('truncated-header', text, place);
}

/** Returns the error for a frame if the stream has only `have` of its bytes. */
export function truncatedRecord(length: number, have: number, place: ErrorPlace): RecordpipeError {
  const need = length + OVERHEAD_BYTES;
  const text = `tfrecord: truncated record: its frame needs ${need} bytes, but the stream has ${have}; the file is truncated, or its writer was not closed`;
  return new RecordpipeError('truncated-record', text, place);
}

function lengthReason(head: Uint8Array, offset: number): string {
  if (head.length >= HEADER_BYTES && head.every((byte) => byte === 0)) {
    return "; only zero bytes follow: is this padding? (trailing: 'zeros-ok' accepts padding)";
  }
  if (offset > 0)
    return '; this is not the start of a record: the file is damaged or overwritten here, or other data was appended';
  const foreign = describeForeignFile(head);
  return foreign === undefined
    ? '; is this a TFRecord file?'
    : `; this looks like ${foreign}, not a TFRecord file`;
}

/** Reports whether the 12 bytes at `at` are a header with a valid length checksum. */
export function hasHeader(head: Uint8Array, at = 0): boolean {
  return head.length >= at + HEADER_BYTES && lengthChecksum(head, at) === readU32(head, at + LENGTH_BYTES);
}

/** Returns how likely it is that a file that begins with these bytes is TFRecord. */
export function detect(head: Uint8Array): Detection {
  if (hasHeader(head)) return { certainty: 'certain', reason: 'the checksum of its first length is valid' };
  const record = findHeader(head);
  if (record > 0)
    return {
      certainty: 'damaged',
      reason: `its first header is damaged, but a valid one follows at byte ${record}`,
    };
  const short = head.length < HEADER_BYTES;
  // The upper half of a length is zero except in absurdly large files.
  if (head.length > 0 && head.subarray(4, LENGTH_BYTES).every((byte) => byte === 0)) {
    const truncated = short && head.length >= LENGTH_BYTES && readU32(head, 0) !== 0;
    const but = short ? 'its header is incomplete' : 'their checksum is wrong';
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
 * Detects the compression of a TFRecord stream from its first bytes. A valid first header means
 * `none`; otherwise a gzip or zlib magic number decides. For anything else, it returns `none`, and
 * reading then fails with a reason.
 *
 * @param head the first bytes; 64 are enough
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

/** Returns the position of the first valid header after the first byte, or -1 if there is none. */
function findHeader(head: Uint8Array): number {
  for (let at = 1; at + HEADER_BYTES <= head.length; at++)
    if (readU32(head, at + 4) === 0 && hasHeader(head, at)) return at;
  return -1;
}

function lengthChecksum(head: Uint8Array, at: number): number {
  return maskCrc32c(crc32c(head.subarray(at, at + LENGTH_BYTES)));
}
