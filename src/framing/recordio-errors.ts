import { hex32, readU32 } from '../bytes/little-endian.ts';
import { describeForeignFile } from '../bytes/sniff.ts';
import { maskCrc32c } from '../crc32c/mask.ts';
import { tableCrc32c } from '../crc32c/table-kernel.ts';
import { type ErrorPlace, RecordpipeError } from '../errors.ts';
import { FIRST, LAST, MIDDLE, PART_HEADER_BYTES, RECORDIO_MAGIC, WHOLE } from './recordio-layout.ts';
import { LENGTH_BYTES, HEADER_BYTES as TFRECORD_HEADER_BYTES } from './tfrecord-layout.ts';

/** A part of the record at which something is wrong. */
export interface PartPlace extends ErrorPlace {
  /** Parts of the same record before it. */
  readonly part: number;
  /** Position of its header in the stream. */
  readonly partOffset: number;
}

/**
 * The error for four bytes that are not the magic number.
 * @param head the bytes from there on, as many as are at hand: for a guess at the reason
 */
export function badMagic(head: Uint8Array, place: PartPlace): RecordpipeError {
  const found = hex32(readU32(head, 0));
  const reason = magicReason(head, place.partOffset);
  const text = `recordio: bad magic number: expected ${hex32(RECORDIO_MAGIC)}, got ${found}${inPart(place)}${reason}`;
  return new RecordpipeError('bad-magic', text, place);
}

/** The error for a record behind which no record begins, but in the middle of which one does. */
export function badLength(length: number, inside: number, place: ErrorPlace): RecordpipeError {
  const text = `recordio: bad magic number behind the record: its length (${length} bytes) cannot be right, as a record begins inside it, at byte ${inside}`;
  return new RecordpipeError('bad-magic', text, place);
}

/** The error for a part that must not stand where it stands. */
export function unexpectedPart(flag: number, multipart: string, place: PartPlace): RecordpipeError {
  const allowed =
    multipart === 'error'
      ? "whole records (0) only, as multipart is 'error'"
      : place.part === 0
        ? 'a whole record (0) or a first part (1)'
        : 'a middle part (2) or the last part (3) of the record';
  const reason =
    multipart === 'error'
      ? "; multipart: 'dmlc' or 'concat' puts the parts together"
      : '; a part was lost or damaged, or written twice (lenientFlags accepts any order)';
  const text = `recordio: unexpected part: expected ${allowed}, got ${flagName(flag)}${inPart(place)}${reason}`;
  return new RecordpipeError('unexpected-part', text, place);
}

/** The error for a part that shows that the file is of the other kind. */
export function ambiguousMultipart(length: number, place: PartPlace): RecordpipeError {
  const text = `recordio: ambiguous parts: a part before the last has ${length} bytes, not a multiple of 4${inPart(place)}: dmlc splits records only there, so this file was written by something else; read it with multipart: 'concat', which puts no magic number between the parts`;
  return new RecordpipeError('ambiguous-multipart', text, place);
}

/** The error for a record longer than the limit. */
export function recordTooLarge(length: number, maxRecordBytes: number, place: PartPlace): RecordpipeError {
  const said = place.part === 0 ? 'its header says' : `its first ${place.part + 1} parts say`;
  const text = `recordio: record too large: ${said} ${length} bytes, the limit is ${maxRecordBytes} (maxRecordBytes)`;
  return new RecordpipeError('record-too-large', text, place);
}

/** The error for a record whose parts would be held for ever. @param most bytes that its parts may take */
export function tooManyParts(most: number, place: ErrorPlace): RecordpipeError {
  const text = `recordio: record too large: its parts, most of them empty, take more than ${most} bytes; no more of a record is held while damage is passed over`;
  return new RecordpipeError('record-too-large', text, place);
}

/** The error for fewer than 8 bytes at the end of the stream. */
export function truncatedHeader(have: number, place: ErrorPlace): RecordpipeError {
  const text = `recordio: truncated header: the stream ends after ${have} of ${PART_HEADER_BYTES} bytes; the file was cut short, or its writer was not closed`;
  return new RecordpipeError('truncated-header', text, place);
}

/** The error for a part of which the stream holds only `have` bytes of `need`, its header included. */
export function truncatedRecord(need: number, have: number, place: PartPlace): RecordpipeError {
  const what =
    place.part > 0 && have === 0
      ? `the stream ends behind part ${place.part} of the record, which is not its last`
      : `its ${place.part === 0 ? 'header and payload need' : `part ${place.part + 1} needs`} ${need} bytes, ${have} are there`;
  const text = `recordio: truncated record: ${what}; the file was cut short, or its writer was not closed`;
  return new RecordpipeError('truncated-record', text, place);
}

/** The error for padding that is not whole at the end of the stream. */
export function missingPadding(have: number, need: number, place: ErrorPlace): RecordpipeError {
  const text = `recordio: missing padding: the last record has ${have} of ${need} bytes of padding; its payload is whole, but dmlc's readers refuse the file`;
  return new RecordpipeError('missing-padding', text, place);
}

/** The error for padding that is not zeros. @param byte the first that is not */
export function badPadding(byte: number, place: PartPlace): RecordpipeError {
  const text = `recordio: padding is not zeros: got 0x${byte.toString(16).padStart(2, '0')}${inPart(place)}; the length before it is wrong, or the writer pads with something else (strictPadding: false accepts it)`;
  return new RecordpipeError('missing-padding', text, place);
}

function inPart({ part, partOffset }: PartPlace): string {
  return part === 0 ? '' : ` in part ${part + 1} of the record, at byte ${partOffset}`;
}

function flagName(flag: number): string {
  switch (flag) {
    case WHOLE:
      return 'a whole record (0)';
    case FIRST:
      return 'a first part (1)';
    case MIDDLE:
      return 'a middle part (2)';
    case LAST:
      return 'a last part (3)';
    default:
      return `the flag ${flag}, which no part has`;
  }
}

function magicReason(head: Uint8Array, offset: number): string {
  if (head.length >= PART_HEADER_BYTES && head.every((byte) => byte === 0)) {
    return "; only zero bytes from here on: padding? (trailing: 'zeros-ok' accepts it)";
  }
  if (offset > 0)
    return '; not the start of a record: damaged or overwritten here, or the length before is wrong';
  const foreign = looksLikeTFRecord(head) ? 'a TFRecord file' : describeForeignFile(head);
  return foreign === undefined
    ? '; is this a RecordIO file at all?'
    : `; this looks like ${foreign}, not like a RecordIO file`;
}

function looksLikeTFRecord(head: Uint8Array): boolean {
  return (
    head.length >= TFRECORD_HEADER_BYTES &&
    maskCrc32c(tableCrc32c(head.subarray(0, LENGTH_BYTES), 0)) === readU32(head, LENGTH_BYTES)
  );
}
