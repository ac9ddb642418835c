import { hex32, u64Text } from '../../bytes/binary-data.ts';
import { describeForeignFile } from '../../bytes/sniff.ts';
import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import { DATA_CHECKSUM, type FrameScan, LENGTH_CHECKSUM } from '../frame-scan.ts';

/**
 * A TFRecord frame: length (u64, little-endian), masked CRC-32C of those 8 bytes, payload, masked CRC-32C of the payload.
 * Source of the rule: TensorFlow's record_writer.
 */
export const LENGTH_BYTES = 8;
/** Length and its checksum. */
export const HEADER_BYTES = 12;
/** The payload's checksum. */
export const FOOTER_BYTES = 4;
/** What a frame takes beside its payload. */
export const OVERHEAD_BYTES: number = HEADER_BYTES + FOOTER_BYTES;

/**
 * What SageMaker's debugger writes in place of the payload checksum when told to write none:
 * the masked checksum of one fixed text, the same in every record.
 */
export const SMDEBUG_DATA_CRC = 0x062dc0b3;

/** The largest payload that a limit may allow: a frame must fit into 32 bits of address. */
export const MAX_RECORD_BYTES: number = 2 ** 32 - 64;

/** @throws UsageError for a payload that is too large for a record */
export function checkPayload({ length }: Uint8Array): void {
  if (length > MAX_RECORD_BYTES)
    throw new UsageError(`write: a record has at most ${MAX_RECORD_BYTES} bytes, got ${length}`);
}

/**
 * The error for a scan that stopped at a bad frame.
 * @param head the bytes from the frame's start on, as many as are at hand: for a guess at the reason
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
        ? "; that constant is what SageMaker's debugger writes in place of checksums: read with payloadCrc: 'smdebug'"
        : `; the payload (${u64Text(lengthLow, lengthHigh)} bytes) is corrupt`;
    return new RecordpipeError('data-checksum', `tfrecord: data checksum mismatch: ${sums}${reason}`, place);
  }
  const length = u64Text(lengthLow, lengthHigh);
  const text = `tfrecord: record too large: its header says ${length} bytes, the limit is ${maxRecordBytes} (maxRecordBytes)`;
  return new RecordpipeError('record-too-large', text, place);
}

/** The error for fewer than 12 bytes at the end of the stream. */
export function truncatedHeader(have: number, place: ErrorPlace): RecordpipeError {
  const text = `tfrecord: truncated header: the stream ends after ${have} of ${HEADER_BYTES} bytes; the file was cut short, or its writer was not closed`;
  return new RecordpipeError('truncated-header', text, place);
}

/** The error for a frame of which the stream holds only `have` bytes. */
export function truncatedRecord(length: number, have: number, place: ErrorPlace): RecordpipeError {
  const need = length + OVERHEAD_BYTES;
  const text = `tfrecord: truncated record: its frame needs ${need} bytes, ${have} are there; the file was cut short, or its writer was not closed`;
  return new RecordpipeError('truncated-record', text, place);
}

function lengthReason(head: Uint8Array, offset: number): string {
  if (head.length >= HEADER_BYTES && head.every((byte) => byte === 0)) {
    return "; only zero bytes from here on: padding? (trailing: 'zeros-ok' accepts it)";
  }
  if (offset > 0)
    return '; not the start of a record: damaged or overwritten here, or something else was appended';
  const foreign = describeForeignFile(head);
  return foreign === undefined
    ? '; is this a TFRecord file at all?'
    : `; this looks like ${foreign}, not like a TFRecord file`;
}
