import { oracleCrc32c, oracleMask } from './oracle-crc.ts';

export interface OracleRecord {
  readonly offset: number;
  readonly payload: Uint8Array;
}

export interface OracleError {
  readonly code: string;
  readonly record: number;
  readonly offset: number;
}

export interface OracleResult {
  readonly records: OracleRecord[];
  readonly error: OracleError | undefined;
}

/**
 * Returns the expected result of a strict reader for uncompressed bytes, derived from the format's
 * description: the valid records in order, then the first error. Deliberately slow and simple.
 */
export function oracleDecode(bytes: Uint8Array, maxRecordBytes: number = 2 ** 31 - 1): OracleResult {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: OracleRecord[] = [];
  let offset = 0;
  const bad = (code: string): OracleResult => ({ records, error: { code, record: records.length, offset } });
  while (offset < bytes.length) {
    const left = bytes.length - offset;
    if (left < 12) return bad('truncated-header');
    if (!headerIsGood(bytes, offset)) return bad('length-checksum');
    const length = view.getBigUint64(offset, true);
    if (length > BigInt(maxRecordBytes)) return bad('record-too-large');
    if (length + 16n > BigInt(left)) return bad('truncated-record');
    const payload = bytes.subarray(offset + 12, offset + 12 + Number(length));
    const sum = view.getUint32(offset + 12 + Number(length), true);
    if (sum !== oracleMask(oracleCrc32c(payload))) return bad('data-checksum');
    records.push({ offset, payload });
    offset += 16 + Number(length);
  }
  return { records, error: undefined };
}

/** Reports whether 12 bytes with a valid length checksum start at `offset`. */
export function headerIsGood(bytes: Uint8Array, offset: number): boolean {
  if (offset + 12 > bytes.length) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(offset + 8, true) === oracleMask(oracleCrc32c(bytes.subarray(offset, offset + 8)));
}

/** Writes one frame without recordpipe. `claimedLength` may differ from the payload's length. */
export function oracleFrame(payload: Uint8Array, claimedLength: bigint = BigInt(payload.length)): Uint8Array {
  const frame = new Uint8Array(payload.length + 16);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, claimedLength, true);
  view.setUint32(8, oracleMask(oracleCrc32c(frame.subarray(0, 8))), true);
  frame.set(payload, 12);
  view.setUint32(payload.length + 12, oracleMask(oracleCrc32c(payload)), true);
  return frame;
}

/** Writes a file of these payloads. */
export function oracleFile(payloads: readonly Uint8Array[]): Uint8Array {
  return concat(payloads.map((payload) => oracleFrame(payload)));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
