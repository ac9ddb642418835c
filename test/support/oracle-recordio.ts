import { concat } from './oracle-tfrecord.ts';

/** Options of the oracle, with the same names as the reader's options. */
export interface OracleRules {
  readonly multipart?: 'dmlc' | 'concat' | 'error';
  readonly lenientFlags?: boolean;
  readonly strictPadding?: boolean;
  readonly maxRecordBytes?: number;
}

export interface OracleRecordIO {
  readonly records: { readonly offset: number; readonly payload: Uint8Array }[];
  readonly error: { readonly code: string; readonly record: number; readonly offset: number } | undefined;
  /** Whether the last record was accepted with incomplete padding. */
  readonly warned: boolean;
}

/** A complete record and its end, or its error. */
type OracleFrame = { payload: Uint8Array; end: number; warned: boolean } | { code: string };

export const MAGIC: Uint8Array = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);

/**
 * Returns the expected result of a strict reader, derived from the format's description: the
 * records in order, then the first error. Deliberately slow and simple.
 */
export function oracleDecodeRecordIO(bytes: Uint8Array, rules: OracleRules = {}): OracleRecordIO {
  const records: { offset: number; payload: Uint8Array }[] = [];
  let offset = 0;
  let warned = false;
  while (offset < bytes.length) {
    const frame = oracleFrame(bytes, offset, rules);
    if ('code' in frame) {
      return { records, error: { code: frame.code, record: records.length, offset }, warned };
    }
    records.push({ offset, payload: frame.payload });
    offset = frame.end;
    warned = frame.warned;
  }
  return { records, error: undefined, warned };
}

/** Reads the record at `offset`. */
function oracleFrame(bytes: Uint8Array, offset: number, rules: OracleRules): OracleFrame {
  const { multipart = 'dmlc', lenientFlags, strictPadding, maxRecordBytes = 2 ** 31 - 1 } = rules;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Uint8Array[] = [];
  let total = 0;
  let badPadding = false;
  let warned = false;
  let at = offset;
  for (let first = true; ; first = false) {
    const left = bytes.length - at;
    if (left < 8) return { code: first ? 'truncated-header' : 'truncated-record' };
    if (view.getUint32(at, true) !== 0xced7230a) return { code: 'bad-magic' };
    const word = view.getUint32(at + 4, true);
    const flag = Math.floor(word / 2 ** 29);
    const length = word % 2 ** 29;
    if (multipart === 'error' && flag !== 0) return { code: 'unexpected-part' };
    const allowed = first ? [0, 1] : [2, 3];
    if (!lenientFlags && !allowed.includes(flag)) return { code: 'unexpected-part' };
    const last = flag === 0 || flag === 3;
    if (!last && multipart === 'dmlc' && length % 4 !== 0) return { code: 'ambiguous-multipart' };
    if (!first && multipart === 'dmlc') pieces.push(MAGIC);
    pieces.push(bytes.slice(at + 8, at + 8 + length));
    total += length + (!first && multipart === 'dmlc' ? 4 : 0);
    if (total > maxRecordBytes) return { code: 'record-too-large' };
    if (left < 8 + length) return { code: 'truncated-record' };
    const padding = (4 - (length % 4)) % 4;
    const padded = bytes.slice(at + 8 + length, at + 8 + length + padding);
    if (padded.some((byte) => byte !== 0)) badPadding = true;
    if (padded.length < padding) {
      if (!last) return { code: 'truncated-record' };
      if (strictPadding) return { code: 'missing-padding' };
      warned = true;
    }
    at += 8 + length + padded.length;
    if (last) break;
  }
  if (strictPadding && badPadding) return { code: 'missing-padding' };
  return { payload: concat(pieces), end: at, warned };
}

/** The expected result of skipping damage, and the amount of damage. */
export interface OracleRecovery {
  readonly records: { readonly offset: number; readonly payload: Uint8Array }[];
  readonly corrupted: number;
  readonly skippedBytes: number;
  /** The error at the end despite recovery: a truncation without a subsequent record. */
  readonly code: string | undefined;
}

/**
 * Returns the expected result of `recover: 'scan'`. A complete record is valid, unless no header
 * follows it and a record starts inside it. Anything else is skipped up to the next complete record
 * at a multiple of four. Deliberately slow and simple.
 */
export function oracleRecoverRecordIO(bytes: Uint8Array, rules: OracleRules = {}): OracleRecovery {
  const records: { offset: number; payload: Uint8Array }[] = [];
  let corrupted = 0;
  let skippedBytes = 0;
  const end = bytes.length;
  const next = (from: number, to: number): number => {
    for (let at = from; at + 8 <= to; at++) {
      // This also applies in strict order: after damage, only a whole or first part can start a
      // record.
      if (at % 4 === 0 && bytes[at + 7] >> 5 <= 1 && !('code' in oracleFrame(bytes, at, rules))) return at;
    }
    return -1;
  };
  let at = 0;
  while (at < end) {
    const frame = oracleFrame(bytes, at, rules);
    if ('code' in frame) {
      if (frame.code === 'truncated-header') return { records, corrupted, skippedBytes, code: frame.code };
      const found = next(at + 4, end);
      if (found < 0 && frame.code === 'truncated-record')
        return { records, corrupted, skippedBytes: skippedBytes + end - at, code: frame.code };
      corrupted++;
      skippedBytes += (found < 0 ? end : found) - at;
      at = found < 0 ? end : found;
      continue;
    }
    const followed =
      frame.end === end ||
      (frame.end + 8 <= end && Buffer.compare(bytes.subarray(frame.end, frame.end + 4), MAGIC) === 0);
    const inside = followed ? -1 : next(at + 8, Math.min(end, frame.end + 4));
    if (inside >= 0) {
      corrupted++;
      skippedBytes += inside - at;
      at = inside;
    } else {
      records.push({ offset: at, payload: frame.payload });
      at = frame.end;
    }
  }
  return { records, corrupted, skippedBytes, code: undefined };
}

/** Writes one part, whose header may contradict its contents. */
export function oraclePart(
  payload: Uint8Array,
  flag: number,
  claimedLength: number = payload.length,
): Uint8Array {
  const padding = (4 - (payload.length % 4)) % 4;
  const part = new Uint8Array(8 + payload.length + padding);
  const view = new DataView(part.buffer);
  view.setUint32(0, 0xced7230a, true);
  view.setUint32(4, flag * 2 ** 29 + claimedLength, true);
  part.set(payload, 8);
  return part;
}

/**
 * Writes a record as dmlc does: split at every magic number at a multiple of four, which is
 * omitted.
 */
export function oracleFrameRecordIO(payload: Uint8Array, escapeMagic = true): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; escapeMagic && at + 4 <= payload.length; at += 4) {
    if (Buffer.compare(payload.subarray(at, at + 4), MAGIC) !== 0) continue;
    pieces.push(payload.subarray(from, at));
    from = at + 4;
  }
  pieces.push(payload.subarray(from));
  if (pieces.length === 1) return oraclePart(payload, 0);
  return concat(pieces.map((piece, i) => oraclePart(piece, i === 0 ? 1 : i === pieces.length - 1 ? 3 : 2)));
}

/** Writes a file of these payloads. */
export function oracleFileRecordIO(payloads: readonly Uint8Array[], escapeMagic = true): Uint8Array {
  return concat(payloads.map((payload) => oracleFrameRecordIO(payload, escapeMagic)));
}
