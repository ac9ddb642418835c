import { hex32, readU32 } from '../../bytes/binary-data.ts';
import { describeForeignFile } from '../../bytes/sniff.ts';
import { maskCrc32c, tableCrc32c } from '../../crc32c/crc32c.ts';
import { type ErrorPlace, RecordpipeError } from '../../errors.ts';
import type { Detection } from '../record-format.ts';
import { LENGTH_BYTES, HEADER_BYTES as TFRECORD_HEADER_BYTES } from '../tfrecord/layout.ts';

/**
 * The magic number of RecordIO. A record consists of one or more parts. A part consists of the
 * magic number, a word with the flag and the length, the payload bytes, and 0 to 3 bytes of padding
 * to a multiple of four. All words are little-endian. Source: dmlc-core's recordio.h.
 */
export const RECORDIO_MAGIC = 0xced7230a;
/** Size of the magic number and the word after it. */
export const PART_HEADER_BYTES = 8;
/**
 * Upper bound (exclusive) of a part's length, which has 29 bits. The flag has the 3 bits above
 * them.
 */
export const PART_LENGTH_END: number = 2 ** 29;

/** Flags, which indicate the position of a part in its record. */
export const WHOLE = 0;
export const FIRST = 1;
export const MIDDLE = 2;
export const LAST = 3;

/** Returns the flag in the second header word of a part. */
export function partFlag(word: number): number {
  return word >>> 29;
}

/** Returns the payload size in the second header word of a part. */
export function partLength(word: number): number {
  return word & 0x1fffffff;
}

/** Returns the size of a part including its header and padding. */
export function partBytes(length: number): number {
  return PART_HEADER_BYTES + length + (-length & 3);
}

/**
 * How to join the parts of a record: `dmlc` restores the magic number between them; `concat` does
 * not, as in SageMaker; `error` rejects multipart records.
 */
export type Multipart = 'dmlc' | 'concat' | 'error';

/** Rules for the order of parts. */
export interface PartRules {
  readonly multipart: Multipart;
  /** Whether to accept parts in any order. */
  readonly lenientFlags: boolean;
}

/** Effects of a part on its record. */
export const PART_ENDS = 0;
export const PART_CONTINUES = 1;
export const PART_UNEXPECTED = 2;
export const PART_AMBIGUOUS = 3;

export type PartVerdict =
  | typeof PART_ENDS
  | typeof PART_CONTINUES
  | typeof PART_UNEXPECTED
  | typeof PART_AMBIGUOUS;

/**
 * Returns the effect of a part on its record, or why it is invalid at its position.
 * @param inside whether earlier parts belong to the same record
 * @param word the second word of its header
 */
export function judgePart(inside: boolean, word: number, rules: PartRules): PartVerdict {
  const flag = partFlag(word);
  if (rules.multipart === 'error' && (inside || flag !== WHOLE)) return PART_UNEXPECTED;
  if (!rules.lenientFlags && (inside ? flag !== MIDDLE && flag !== LAST : flag > FIRST))
    return PART_UNEXPECTED;
  if (flag === WHOLE || flag === LAST) return PART_ENDS;
  // dmlc splits only at magic numbers, which lie at multiples of four. Any other length indicates
  // another writer.
  return rules.multipart === 'dmlc' && (word & 3) !== 0 ? PART_AMBIGUOUS : PART_CONTINUES;
}

/** Position of an invalid part of a record. */
export interface PartPlace extends ErrorPlace {
  /** Number of the part in its record, from 0. */
  readonly part: number;
  /** Position of the part's header in the stream. */
  readonly partOffset: number;
}

/**
 * Returns the error for four bytes that are not the magic number.
 * @param head the available bytes from that position, which may show the reason
 */
export function badMagic(head: Uint8Array, place: PartPlace): RecordpipeError {
  const found = hex32(readU32(head, 0));
  const reason = magicReason(head, place.partOffset);
  const text = `recordio: bad magic number: expected ${hex32(RECORDIO_MAGIC)}, got ${found}${inPart(place)}${reason}`;
  return new RecordpipeError('bad-magic', text, place);
}

/**
 * Returns the error for a record that is not followed by a record, although one begins within it.
 */
export function badLength(length: number, inside: number, place: ErrorPlace): RecordpipeError {
  const text = `recordio: bad magic number after the record: its length (${length} bytes) is wrong, because another record begins inside the record, at byte ${inside}`;
  return new RecordpipeError('bad-magic', text, place);
}

/** Returns the error for a part that is invalid at its position. */
export function unexpectedPart(flag: number, multipart: string, place: PartPlace): RecordpipeError {
  const allowed =
    multipart === 'error'
      ? "only whole records (0), because multipart is 'error'"
      : place.part === 0
        ? 'a whole record (0) or a first part (1)'
        : 'a middle part (2) or the last part (3) of the record';
  const reason =
    multipart === 'error'
      ? "; multipart: 'dmlc' or 'concat' joins the parts"
      : '; a part is missing, damaged or duplicated (lenientFlags accepts any order)';
  const text = `recordio: unexpected part: expected ${allowed}, got ${flagName(flag)}${inPart(place)}${reason}`;
  return new RecordpipeError('unexpected-part', text, place);
}

/** Returns the error for a part whose length shows that dmlc did not split the record. */
export function ambiguousMultipart(length: number, place: PartPlace): RecordpipeError {
  const text = `recordio: ambiguous parts: a part before the last has ${length} bytes, not a multiple of 4${inPart(place)}: dmlc splits records only at such positions, so another tool wrote this file; read it with multipart: 'concat', which adds no magic number between parts`;
  return new RecordpipeError('ambiguous-multipart', text, place);
}

/** Returns the error for a record that exceeds the size limit. */
export function recordTooLarge(length: number, maxRecordBytes: number, place: PartPlace): RecordpipeError {
  const source = place.part === 0 ? 'its header declares' : `its first ${place.part + 1} parts declare`;
  const text = `recordio: record too large: ${source} ${length} bytes, but the limit is ${maxRecordBytes} (maxRecordBytes)`;
  return new RecordpipeError('record-too-large', text, place);
}

/**
 * Returns the error for a record with too many parts.
 * @param max maximum number of bytes of its parts
 */
export function tooManyParts(max: number, place: ErrorPlace): RecordpipeError {
  const text = `recordio: record too large: its parts, most of them empty, take more than ${max} bytes; recovery buffers at most that many bytes per record`;
  return new RecordpipeError('record-too-large', text, place);
}

/** Returns the error for fewer than 8 bytes at the end of the stream. */
export function truncatedHeader(have: number, place: ErrorPlace): RecordpipeError {
  const text = `recordio: truncated header: the stream ends after ${have} of ${PART_HEADER_BYTES} bytes; the file is truncated, or its writer was not closed`;
  return new RecordpipeError('truncated-header', text, place);
}

/** Returns the error for a part of `need` bytes when the stream has only `have` of them. */
export function truncatedRecord(need: number, have: number, place: PartPlace): RecordpipeError {
  const what =
    place.part > 0 && have === 0
      ? `the stream ends after part ${place.part} of the record, which is not the last one`
      : `its ${place.part === 0 ? 'header and payload need' : `part ${place.part + 1} needs`} ${need} bytes, but the stream has ${have}`;
  const text = `recordio: truncated record: ${what}; the file is truncated, or its writer was not closed`;
  return new RecordpipeError('truncated-record', text, place);
}

/** Returns the error for incomplete padding at the end of the stream. */
export function missingPadding(have: number, need: number, place: ErrorPlace): RecordpipeError {
  const text = `recordio: missing padding: the last record has ${have} of ${need} bytes of padding; the payload is complete, but dmlc's readers reject the file`;
  return new RecordpipeError('missing-padding', text, place);
}

/**
 * Returns the error for padding that is not zero.
 * @param byte the first byte that is not zero
 */
export function badPadding(byte: number, place: PartPlace): RecordpipeError {
  const text = `recordio: padding is not zero: got 0x${byte.toString(16).padStart(2, '0')}${inPart(place)}; the length before it is wrong, or the writer pads with other bytes (strictPadding: false accepts it)`;
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
      return `the undefined flag ${flag}`;
  }
}

function magicReason(head: Uint8Array, offset: number): string {
  if (head.length >= PART_HEADER_BYTES && head.every((byte) => byte === 0)) {
    return "; only zero bytes follow: is this padding? (trailing: 'zeros-ok' accepts padding)";
  }
  if (offset > 0)
    return '; this is not the start of a record: the file is damaged or overwritten here, or the previous length is wrong';
  const foreign = looksLikeTFRecord(head) ? 'a TFRecord file' : describeForeignFile(head);
  return foreign === undefined
    ? '; is this a RecordIO file?'
    : `; this looks like ${foreign}, not a RecordIO file`;
}

function looksLikeTFRecord(head: Uint8Array): boolean {
  return (
    head.length >= TFRECORD_HEADER_BYTES &&
    maskCrc32c(tableCrc32c(head.subarray(0, LENGTH_BYTES), 0)) === readU32(head, LENGTH_BYTES)
  );
}

/** Number of bytes that suffice to rule out an undamaged first record of any binary format. */
const MIN_BYTES = 12;

/** Reports whether the 4 bytes at `at` are the magic number. */
export function hasMagic(head: Uint8Array, at = 0): boolean {
  return head.length >= at + 4 && readU32(head, at) === RECORDIO_MAGIC;
}

/** Returns how likely it is that a file that begins with these bytes is RecordIO. */
export function detect(head: Uint8Array): Detection {
  if (hasMagic(head)) return { certainty: 'certain', reason: 'it begins with the magic number' };
  for (let at = 4; at + PART_HEADER_BYTES <= head.length; at += 4)
    if (hasMagic(head, at))
      return {
        certainty: 'damaged',
        reason: `its first magic number is damaged, but a valid one follows at byte ${at}`,
      };
  const reason =
    head.length < MIN_BYTES
      ? `only ${head.length} bytes`
      : `not RecordIO (it begins with ${hex32(readU32(head, 0))}, not ${hex32(RECORDIO_MAGIC)})`;
  return { certainty: 'no', reason };
}
