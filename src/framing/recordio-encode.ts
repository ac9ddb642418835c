import { readU32, writeU32 } from '../bytes/little-endian.ts';
import { RecordpipeError } from '../errors.ts';
import {
  FIRST,
  LAST,
  MIDDLE,
  PART_HEADER_BYTES,
  PART_LENGTH_END,
  partBytes,
  RECORDIO_MAGIC,
  WHOLE,
} from './recordio-layout.ts';

/** How records become RecordIO bytes. */
export interface RecordIOEncodeOptions {
  /**
   * Whether a payload is split where it holds the magic number at a multiple of four, which is then left out, as dmlc's writer does. Default true, so that
   * files can be split by bytes; false for readers that join parts without putting the magic number back (SageMaker), and with `oversize: 'concat'`.
   */
  readonly escapeMagic: boolean;
  /**
   * What a payload of 2^29 bytes or more is. Default `error`; `concat` writes it in several parts, which only readers with `multipart: 'concat'`
   * put together again, so that `escapeMagic` must not be set.
   */
  readonly oversize: 'error' | 'concat';
}

/** The longest part, one byte short of a multiple of four: its length tells strict dmlc readers that nothing belongs between the parts. */
const LONGEST_PART = PART_LENGTH_END - 1;

/**
 * Bytes that `payload` takes in a RecordIO file: 8, the payload, padding to a multiple of four, and 4 more for every magic number that is escaped.
 *
 * @throws RecordpipeError `record-too-large`; RangeError, TypeError as {@link encodeRecordIO}
 * @example
 * ```ts
 * import { recordIOFrameBytes } from 'recordpipe';
 * console.log(recordIOFrameBytes(new Uint8Array(5))); // 16
 * ```
 */
export function recordIOFrameBytes(payload: Uint8Array, options?: Partial<RecordIOEncodeOptions>): number {
  checkBytes(payload, 'recordIOFrameBytes');
  const escapeMagic = escapes(payload.length, options);
  if (payload.length > LONGEST_PART) return piecesBytes(payload.length, LONGEST_PART);
  return partBytes(payload.length) + (escapeMagic ? 4 * countMagic(payload) : 0);
}

/**
 * One record as RecordIO bytes: magic number, flag and length, payload, zero padding; in several such parts where the payload holds the magic
 * number at a multiple of four (the layout of dmlc's writer, byte for byte). The result is new memory and belongs to the caller.
 *
 * @param payload any bytes, also none; fewer than 2^29 unless `oversize` is `concat`
 * @throws RecordpipeError `record-too-large` for a longer payload
 * @throws RangeError for options that exclude each other or do not exist; TypeError for anything but a Uint8Array
 * @example
 * ```ts
 * import { encodeRecordIO } from 'recordpipe';
 * console.log(Buffer.from(encodeRecordIO(Uint8Array.of(0x61))).toString('hex')); // 0a23d7ce0100000061000000
 * ```
 */
export function encodeRecordIO(
  payload: Uint8Array,
  options?: Partial<RecordIOEncodeOptions>,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(recordIOFrameBytes(payload, options));
  writeRecord(payload, frame, 0, escapes(payload.length, options), LONGEST_PART);
  return frame;
}

/**
 * Writes one record as RecordIO bytes into the caller's memory; returns the index behind it.
 *
 * @param payload as for {@link encodeRecordIO}; also some of `target`
 * @throws as {@link encodeRecordIO}; RangeError, before anything is written, when `target` has too few bytes from `at` on or `at` is no whole
 * number from 0
 * @example
 * ```ts
 * import { encodeRecordIOInto } from 'recordpipe';
 * const target = new Uint8Array(40);
 * console.log(encodeRecordIOInto(Uint8Array.of(1, 2), target, encodeRecordIOInto(new Uint8Array(0), target, 0))); // 20
 * ```
 */
export function encodeRecordIOInto(
  payload: Uint8Array,
  target: Uint8Array,
  at: number,
  options?: Partial<RecordIOEncodeOptions>,
): number {
  const bytes = recordIOFrameBytes(payload, options);
  if (!(at >= 0 && at + bytes <= target.length && Number.isInteger(at))) {
    throw new RangeError(
      `encodeRecordIOInto: a record of ${payload.length} bytes needs ${bytes}, there are ${target.length - at} from ${at} on`,
    );
  }
  const escapeMagic = escapes(payload.length, options);
  // Parts are written one by one, over the payload if it lies in the target.
  const source = payload.buffer === target.buffer ? payload.slice() : payload;
  return writeRecord(source, target, at, escapeMagic, LONGEST_PART);
}

/** How many magic numbers lie at multiples of four in `payload`. */
export function countMagic(payload: Uint8Array): number {
  let count = 0;
  for (let at = nextMagic(payload, 0); at >= 0; at = nextMagic(payload, at + 4)) count++;
  return count;
}

/**
 * Writes the parts of one record; there must be room. Returns the index behind them.
 * @param longestPart payloads longer than that are cut into pieces of that size
 */
export function writeRecord(
  payload: Uint8Array,
  target: Uint8Array,
  at: number,
  escapeMagic: boolean,
  longestPart: number,
): number {
  const { length } = payload;
  let from = 0;
  if (length > longestPart) {
    for (; length - from > longestPart; from += longestPart) {
      at = writePart(payload, from, from + longestPart, from === 0 ? FIRST : MIDDLE, target, at);
    }
    return writePart(payload, from, length, LAST, target, at);
  }
  if (escapeMagic) {
    for (let magic = nextMagic(payload, 0); magic >= 0; magic = nextMagic(payload, from)) {
      at = writePart(payload, from, magic, from === 0 ? FIRST : MIDDLE, target, at);
      from = magic + 4;
    }
  }
  return writePart(payload, from, length, from === 0 ? WHOLE : LAST, target, at);
}

/** Bytes of a record that is cut into pieces. */
export function piecesBytes(length: number, longestPart: number): number {
  const whole = Math.ceil(length / longestPart) - 1;
  return whole * partBytes(longestPart) + partBytes(length - whole * longestPart);
}

/** The first magic number at a multiple of four from `from`, itself one, on; -1 if there is none. */
function nextMagic(payload: Uint8Array, from: number): number {
  const end = payload.length - 3;
  // One byte of each word is looked at, the rarest of the four in texts and pictures.
  for (let at = from; at < end; at += 4) {
    if (payload[at + 3] === 0xce && readU32(payload, at) === RECORDIO_MAGIC) return at;
  }
  return -1;
}

function writePart(
  payload: Uint8Array,
  from: number,
  to: number,
  flag: number,
  target: Uint8Array,
  at: number,
): number {
  const length = to - from;
  writeU32(target, at, RECORDIO_MAGIC);
  writeU32(target, at + 4, (flag << 29) | length);
  const start = at + PART_HEADER_BYTES;
  target.set(from === 0 && to === payload.length ? payload : payload.subarray(from, to), start);
  const end = at + partBytes(length);
  for (let i = start + length; i < end; i++) target[i] = 0;
  return end;
}

/** Whether magic numbers are escaped in a payload of so many bytes. */
function escapes(length: number, options: Partial<RecordIOEncodeOptions> | undefined): boolean {
  const { oversize = 'error', escapeMagic = oversize !== 'concat' } = options ?? {};
  if (oversize !== 'error' && oversize !== 'concat')
    throw new RangeError(`oversize: expected one of error, concat, got ${String(oversize)}`);
  if (escapeMagic && oversize === 'concat') {
    throw new RangeError(
      "oversize: 'concat' excludes escapeMagic: a reader puts the magic number back between all parts or between none",
    );
  }
  if (length > LONGEST_PART && oversize === 'error') {
    throw new RecordpipeError(
      'record-too-large',
      `recordio: record too large: ${length} bytes, a record has at most ${LONGEST_PART}; oversize: 'concat' writes it in parts, for readers with multipart: 'concat'`,
    );
  }
  return escapeMagic;
}

/** Texts and other typed arrays have a length as well, and would be written as something else. */
function checkBytes(payload: Uint8Array, caller: string): void {
  if (!(payload instanceof Uint8Array))
    throw new TypeError(`${caller}: expected bytes (Uint8Array), got ${typeof payload}`);
}
