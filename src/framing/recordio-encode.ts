import { UsageError } from '../errors.ts';
import {
  encodeOptions,
  frameBytes,
  magicsToEscape,
  type RecordIOEncodeOptions,
  writeRecord,
} from './recordio-write.ts';

export type { RecordIOEncodeOptions } from './recordio-write.ts';

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
