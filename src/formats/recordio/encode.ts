import { writeU32 } from '../../bytes/binary-data.ts';
import { UsageError } from '../../errors.ts';
import { leavePlainBuffers, plainBuffers } from '../frame-buffers.ts';
import type { Framer } from '../record-format.ts';
import { FIRST, LAST, MIDDLE, PART_HEADER_BYTES, partBytes, RECORDIO_MAGIC, WHOLE } from './layout.ts';
import { checkPayload, encodeOptionsOf, LONGEST_PART, type RecordIOEncodeOptions } from './options.ts';
import { countMagics, nextMagic } from './parts.ts';

/**
 * Returns the size of a RecordIO record: 8 bytes, the payload, padding to a multiple of four, and 4
 * more bytes for every escaped magic number.
 *
 * @throws RecordpipeError `record-too-large`; UsageError for the same reasons as {@link
 *   encodeRecordIO}
 * @example
 * ```ts
 * import { recordIOFrameBytes } from 'recordpipe';
 * console.log(recordIOFrameBytes(new Uint8Array(5))); // 16
 * ```
 */
export function recordIOFrameBytes(payload: Uint8Array, options?: Partial<RecordIOEncodeOptions>): number {
  checkBytes(payload, 'recordIOFrameBytes');
  return frameBytes(payload.length, magicsToEscape(payload, encodeOptionsOf('recordIOFrameBytes', options)));
}

/**
 * Encodes one record as RecordIO: magic number, flag and length, payload, zero padding. A payload
 * that contains the magic number at a multiple of four is split into several such parts. The output
 * equals that of dmlc's writer, byte for byte. Returns new memory, which belongs to the caller.
 *
 * @param payload fewer than 2^29 bytes, unless `oversize` is `concat`
 * @throws RecordpipeError `record-too-large` for a longer payload
 * @throws UsageError for invalid or conflicting options, and for anything other than a Uint8Array
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
  return encoded(payload, encodeOptionsOf('encodeRecordIO', options));
}

function encoded(payload: Uint8Array, options: RecordIOEncodeOptions): Uint8Array<ArrayBuffer> {
  const magics = magicsToEscape(payload, options);
  const frame = new Uint8Array(frameBytes(payload.length, magics));
  writeRecord(payload, magics, frame, 0);
  return frame;
}

/**
 * Encodes one record as RecordIO into existing memory. Returns the index after the record.
 *
 * @param payload as for {@link encodeRecordIO}; may overlap `target`
 * @throws the same errors as {@link encodeRecordIO}; UsageError, before anything is written, if
 *   `target` has too few bytes after `at`, or if `at` is not an integer >= 0
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
  const magics = magicsToEscape(payload, encodeOptionsOf('encodeRecordIOInto', options));
  const bytes = frameBytes(payload.length, magics);
  if (!(at >= 0 && at + bytes <= target.length && Number.isInteger(at))) {
    throw new UsageError(
      `encodeRecordIOInto: a record of ${payload.length} bytes needs ${bytes} bytes, but the target has ${target.length - at} after index ${at}`,
    );
  }
  // A payload in `target` is copied first, because writing the parts would overwrite it. (`slice`
  // of a Buffer does not copy.)
  const source = payload.buffer === target.buffer ? new Uint8Array(payload) : payload;
  return writeRecord(source, magics, target, at);
}

/**
 * Rejects anything other than a Uint8Array: strings and other typed arrays also have a length, and
 * would be written as different bytes.
 */
function checkBytes(payload: Uint8Array, caller: string): void {
  if (!(payload instanceof Uint8Array))
    throw new UsageError(`${caller}: expected bytes (Uint8Array), got ${typeof payload}`);
}

/**
 * Returns the number of magic numbers in `payload` that must be escaped: those at multiples of
 * four.
 * @throws RecordpipeError `record-too-large` for a payload that is too large
 */
export function magicsToEscape(payload: Uint8Array, options: RecordIOEncodeOptions): number {
  checkPayload(payload, options);
  return options.escapeMagic ? countMagics(payload) : 0;
}

/**
 * Returns the size of a record with `length` payload bytes and `magics` escaped magic numbers.
 * @param longestPart maximum size of a part; longer payloads are split into parts of this size
 */
export function frameBytes(length: number, magics: number, longestPart: number = LONGEST_PART): number {
  if (length <= longestPart) return partBytes(length) + 4 * magics;
  const pieces = Math.ceil(length / longestPart) - 1;
  return pieces * partBytes(longestPart) + partBytes(length - pieces * longestPart);
}

/**
 * Writes the parts of one record into memory with enough room. Returns the index after them.
 * @param magics number of magic numbers to escape
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

/** Frames RecordIO records. Each payload is copied once, and searched once for magic numbers. */
export class RecordIOFramer implements Framer {
  readonly #options: RecordIOEncodeOptions;
  /** The payload that was measured last, which is nearly always framed next. */
  #payload: Uint8Array | undefined;
  /** Number of magic numbers in that payload. */
  #magics = 0;
  #buffers: Uint8Array[] | undefined;

  /** @param options complete and valid options */
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
    return encoded(payload, this.#options);
  }
}
