import { writeU32 } from '../../bytes/little-endian.ts';
import { UsageError } from '../../errors.ts';
import { leavePlainBuffers, plainBuffers } from '../frame-buffers.ts';
import type { Framer } from '../record-format.ts';
import { FIRST, LAST, MIDDLE, PART_HEADER_BYTES, partBytes, RECORDIO_MAGIC, WHOLE } from './layout.ts';
import { checkPayload, encodeOptions, LONGEST_PART, type RecordIOEncodeOptions } from './options.ts';
import { countMagics, nextMagic } from './parts.ts';

/**
 * Bytes that `payload` takes in a RecordIO file: 8, the payload, padding to a multiple of four, and 4 more for every magic number that is escaped.
 *
 * @throws RecordpipeError `record-too-large`; UsageError as {@link encodeRecordIO}
 * @example
 * ```ts
 * import { recordIOFrameBytes } from 'recordpipe';
 * console.log(recordIOFrameBytes(new Uint8Array(5))); // 16
 * ```
 */
export function recordIOFrameBytes(payload: Uint8Array, options?: Partial<RecordIOEncodeOptions>): number {
  checkBytes(payload, 'recordIOFrameBytes');
  return frameBytes(payload.length, magicsToEscape(payload, encodeOptions(options)));
}

/**
 * One record as RecordIO bytes: magic number, flag and length, payload, zero padding; in several such parts where the payload holds the magic
 * number at a multiple of four (the layout of dmlc's writer, byte for byte). The result is new memory and belongs to the caller.
 *
 * @param payload any bytes, also none; fewer than 2^29 unless `oversize` is `concat`
 * @throws RecordpipeError `record-too-large` for a longer payload
 * @throws UsageError for options that exclude each other or do not exist; UsageError for anything but a Uint8Array
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
  checkBytes(payload, 'encodeRecordIO');
  const magics = magicsToEscape(payload, encodeOptions(options));
  const frame = new Uint8Array(frameBytes(payload.length, magics));
  writeRecord(payload, magics, frame, 0);
  return frame;
}

/**
 * Writes one record as RecordIO bytes into the caller's memory; returns the index behind it.
 *
 * @param payload as for {@link encodeRecordIO}; also some of `target`
 * @throws as {@link encodeRecordIO}; UsageError, before anything is written, when `target` has too few bytes from `at` on or `at` is no whole
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
  checkBytes(payload, 'encodeRecordIOInto');
  const magics = magicsToEscape(payload, encodeOptions(options));
  const bytes = frameBytes(payload.length, magics);
  if (!(at >= 0 && at + bytes <= target.length && Number.isInteger(at))) {
    throw new UsageError(
      `encodeRecordIOInto: a record of ${payload.length} bytes needs ${bytes}, there are ${target.length - at} from ${at} on`,
    );
  }
  // Parts are written one by one, over the payload if it lies in the target. (The `slice` of a Buffer would copy nothing.)
  const source = payload.buffer === target.buffer ? new Uint8Array(payload) : payload;
  return writeRecord(source, magics, target, at);
}

/** Texts and other typed arrays have a length as well, and would be written as something else. */
function checkBytes(payload: Uint8Array, caller: string): void {
  if (!(payload instanceof Uint8Array))
    throw new UsageError(`${caller}: expected bytes (Uint8Array), got ${typeof payload}`);
}

/**
 * How many magic numbers of `payload` are escaped: those at multiples of four.
 * @throws RecordpipeError `record-too-large` for a payload that must not be written
 */
export function magicsToEscape(payload: Uint8Array, options: RecordIOEncodeOptions): number {
  checkPayload(payload, options);
  return options.escapeMagic ? countMagics(payload) : 0;
}

/**
 * Bytes of a record with a payload of so many, of which so many magic numbers are escaped.
 * @param longestPart payloads longer than that are cut into pieces of that size
 */
export function frameBytes(length: number, magics: number, longestPart: number = LONGEST_PART): number {
  if (length <= longestPart) return partBytes(length) + 4 * magics;
  const pieces = Math.ceil(length / longestPart) - 1;
  return pieces * partBytes(longestPart) + partBytes(length - pieces * longestPart);
}

/**
 * Writes the parts of one record; there must be room. Returns the index behind them.
 * @param magics how many magic numbers are to be escaped
 */
export function writeRecord(
  payload: Uint8Array,
  magics: number,
  target: Uint8Array,
  at: number,
  longestPart: number = LONGEST_PART,
): number {
  const { length } = payload;
  let next = at;
  let from = 0;
  for (; length - from > longestPart; from += longestPart) {
    next = writePart(payload, from, from + longestPart, from === 0 ? FIRST : MIDDLE, target, next);
  }
  for (let left = magics; left > 0; left--) {
    const magic = nextMagic(payload, from);
    next = writePart(payload, from, magic, from === 0 ? FIRST : MIDDLE, target, next);
    from = magic + 4;
  }
  return writePart(payload, from, length, from === 0 ? WHOLE : LAST, target, next);
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

/** RecordIO: payloads are copied once, behind their header; magic numbers in them are looked for once. */
export class RecordIOFramer implements Framer {
  readonly #options: RecordIOEncodeOptions;
  /** The payload last asked for, and its magic numbers: it is nearly always the next to be framed. */
  #payload: Uint8Array | undefined;
  #magics = 0;
  #buffers: Uint8Array[] | undefined;

  /** @param options complete and checked */
  constructor(options: RecordIOEncodeOptions) {
    this.#options = options;
  }

  frameBytes(payload: Uint8Array): number {
    this.#magics = magicsToEscape(payload, this.#options);
    this.#payload = payload;
    return frameBytes(payload.length, this.#magics);
  }

  buffers(bytes: number, count: number): readonly Uint8Array[] {
    this.#buffers = plainBuffers(bytes, count);
    return this.#buffers;
  }

  release(reusable: boolean): void {
    if (reusable && this.#buffers !== undefined) leavePlainBuffers(this.#buffers);
    this.#buffers = undefined;
  }

  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void {
    const magics = payload === this.#payload ? this.#magics : magicsToEscape(payload, this.#options);
    this.#payload = undefined;
    writeRecord(payload, magics, buffer, at);
  }

  encode(payload: Uint8Array): Uint8Array {
    return encodeRecordIO(payload, this.#options);
  }
}
