import { readU32 } from '../bytes/binary-data.ts';
import { RecordpipeError, UsageError } from '../errors.ts';

/**
 * Size of the header: flag (u32), label (f32), id and id2 (u64), little-endian. Source of the rule:
 * MXNet's `recordio.pack`.
 */
const IR_HEADER_BYTES = 24;
const FLOAT_BYTES = 4;
const MAX_ID = 2n ** 64n - 1n;

/** The header that MXNet puts before an image or any other payload inside a record. */
export interface IRHeader {
  /** Number of labels in the array; 0 if the label is in the header itself. */
  readonly flag: number;
  /** A single label, or an array of labels. */
  readonly label: number | Float32Array;
  /** Id of the record, exact up to 2^64 - 1. */
  readonly id: bigint;
  /** A second id, which the writer may use freely; usually 0. */
  readonly id2: bigint;
}

/** A record with an IRHeader. */
export interface UnpackedIR extends IRHeader {
  /** Bytes after the header and the labels, as a view of the record. */
  readonly payload: Uint8Array;
}

/**
 * A header to pack. Like {@link IRHeader}, but the flag is derived from the label, ids may be
 * numbers, and `id2` is optional.
 */
export interface IRHeaderInput {
  /** Ignored. Allowed so that an unpacked header can be packed again. */
  readonly flag?: number;
  /** One label, or several. */
  readonly label: number | Float32Array | readonly number[];
  /** Id of the record. Default 0. */
  readonly id: bigint | number;
  /** Second id. Default 0. */
  readonly id2?: bigint | number;
}

/**
 * Puts an IRHeader before a payload, byte for byte as MXNet does. A single label is stored in the
 * header itself, and an array of labels after the header, as 32-bit floats. The result is new
 * memory that the caller owns.
 *
 * @throws UsageError for an id that is not an integer from 0 to 2^64 - 1 (as `number`, to 2^53 -
 *   1), and for a label beyond 32-bit floats
 * @throws UsageError for a payload that is not a Uint8Array
 * @example
 * ```ts
 * import { packIR } from 'recordpipe';
 * console.log(packIR({ label: 1, id: 7n }, Uint8Array.of(0xff)).length, packIR({ label: [1, 2], id: 7n }, new Uint8Array(0)).length); // 25 32
 * ```
 */
export function packIR(header: IRHeaderInput, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!(payload instanceof Uint8Array))
    throw new UsageError(`packIR: expected bytes (Uint8Array), got ${typeof payload}`);
  const { label, id, id2 = 0n } = header;
  if (typeof label === 'string' || (typeof label !== 'number' && typeof label?.length !== 'number'))
    throw new UsageError(`packIR: label: expected a number or an array of numbers, got ${typeof label}`);
  const labels = typeof label === 'number' ? [] : label;
  const start = IR_HEADER_BYTES + FLOAT_BYTES * labels.length;
  const record = new Uint8Array(start + payload.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, labels.length, true);
  view.setFloat32(4, typeof label === 'number' ? float(label) : 0, true);
  view.setBigUint64(8, wholeId('id', id), true);
  view.setBigUint64(16, wholeId('id2', id2), true);
  if (labels instanceof Float32Array) {
    // Copy as bytes, because a number does not keep the bits of a NaN.
    record.set(
      new Uint8Array(labels.buffer, labels.byteOffset, FLOAT_BYTES * labels.length),
      IR_HEADER_BYTES,
    );
  } else {
    for (let i = 0; i < labels.length; i++)
      view.setFloat32(IR_HEADER_BYTES + FLOAT_BYTES * i, float(labels[i]), true);
  }
  record.set(payload, start);
  return record;
}

/**
 * Splits a record into its IRHeader and its payload. The payload is a view of the record, and so is
 * an array of labels if it begins at a multiple of four bytes of the buffer; otherwise the labels
 * are copied.
 *
 * @throws RecordpipeError `truncated-header` for a record shorter than 24 bytes, `truncated-record`
 *   for one that is shorter than its labels require
 * @example
 * ```ts
 * import { packIR, unpackIR } from 'recordpipe';
 * const { label, id, payload } = unpackIR(packIR({ label: 3, id: 2n ** 60n }, new Uint8Array(5)));
 * console.log(label, id, payload.length); // 3 1152921504606846976n 5
 * ```
 */
export function unpackIR(record: Uint8Array): UnpackedIR {
  if (record.length < IR_HEADER_BYTES) {
    throw new RecordpipeError(
      'truncated-header',
      `irheader: truncated header: expected ${IR_HEADER_BYTES} bytes, but the record has ${record.length}; was it packed with an IRHeader?`,
    );
  }
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const flag = readU32(record, 0);
  const start = IR_HEADER_BYTES + FLOAT_BYTES * flag;
  if (start > record.length) {
    throw new RecordpipeError(
      'truncated-record',
      `irheader: truncated labels: a header with ${flag} labels needs ${start} bytes, but the record has ${record.length}; was it packed with an IRHeader?`,
    );
  }
  return {
    flag,
    label: flag === 0 ? view.getFloat32(4, true) : labelsOf(record, flag),
    id: view.getBigUint64(8, true),
    id2: view.getBigUint64(16, true),
    payload: record.subarray(start),
  };
}

function labelsOf(record: Uint8Array, count: number): Float32Array {
  const at = record.byteOffset + IR_HEADER_BYTES;
  if (at % FLOAT_BYTES === 0) return new Float32Array(record.buffer, at, count);
  const labels = new Float32Array(count);
  new Uint8Array(labels.buffer).set(record.subarray(IR_HEADER_BYTES, IR_HEADER_BYTES + FLOAT_BYTES * count));
  return labels;
}

function wholeId(name: string, id: bigint | number): bigint {
  const good = typeof id === 'number' ? Number.isSafeInteger(id) && id >= 0 : id >= 0n && id <= MAX_ID;
  if (!good) {
    throw new UsageError(
      `packIR: ${name}: expected an integer from 0 to 2^64 - 1 (a bigint if >= 2^53), got ${id}`,
    );
  }
  return BigInt(id);
}

function float(label: number): number {
  if (typeof label !== 'number')
    throw new UsageError(`packIR: label: expected a number, got ${typeof label}`);
  if (Number.isFinite(label) && !Number.isFinite(Math.fround(label)))
    throw new UsageError(`packIR: label: expected a number in the range of 32-bit floats, got ${label}`);
  return label;
}
