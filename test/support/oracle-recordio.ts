import { concat } from './oracle-tfrecord.ts';

/** What the oracle is told: the same words as the reader's options. */
export interface OracleRules {
  readonly multipart?: 'dmlc' | 'concat' | 'error';
  readonly lenientFlags?: boolean;
  readonly strictPadding?: boolean;
  readonly maxRecordBytes?: number;
}

export interface OracleRecordIO {
  readonly records: { readonly offset: number; readonly payload: Uint8Array }[];
  readonly error: { readonly code: string; readonly record: number; readonly offset: number } | undefined;
  /** Whether the last record was taken although its padding was not whole. */
  readonly warned: boolean;
}

export const MAGIC: Uint8Array = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);

/**
 * What a strict reader must deliver of these bytes, written from the format's description alone: the records in order, then the first thing that is
 * wrong. Slow and obvious on purpose.
 */
export function oracleDecodeRecordIO(
  bytes: Uint8Array,
  {
    multipart = 'dmlc',
    lenientFlags = false,
    strictPadding = false,
    maxRecordBytes = 2 ** 31 - 1,
  }: OracleRules = {},
): OracleRecordIO {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: { offset: number; payload: Uint8Array }[] = [];
  let offset = 0;
  let warned = false;
  const bad = (code: string): OracleRecordIO => ({
    records,
    error: { code, record: records.length, offset },
    warned,
  });
  while (offset < bytes.length) {
    const parts: Uint8Array[] = [];
    let badPadding = false;
    let at = offset;
    for (let first = true; ; first = false) {
      const left = bytes.length - at;
      if (left < 8) return bad(first ? 'truncated-header' : 'truncated-record');
      if (view.getUint32(at, true) !== 0xced7230a) return bad('bad-magic');
      const word = view.getUint32(at + 4, true);
      const flag = Math.floor(word / 2 ** 29);
      const length = word % 2 ** 29;
      if (multipart === 'error' && flag !== 0) return bad('unexpected-part');
      const allowed = first ? [0, 1] : [2, 3];
      if (!lenientFlags && !allowed.includes(flag)) return bad('unexpected-part');
      const last = flag === 0 || flag === 3;
      if (!last && multipart === 'dmlc' && length % 4 !== 0) return bad('ambiguous-multipart');
      if (!first && multipart === 'dmlc') parts.push(MAGIC);
      parts.push(bytes.slice(at + 8, at + 8 + length));
      const declared = parts.slice(0, -1).reduce((sum, part) => sum + part.length, 0) + length;
      if (declared > maxRecordBytes) return bad('record-too-large');
      if (left < 8 + length) return bad('truncated-record');
      const padding = (4 - (length % 4)) % 4;
      const padded = bytes.slice(at + 8 + length, at + 8 + length + padding);
      if (padded.length < padding && !last) return bad('truncated-record');
      if (padded.some((byte) => byte !== 0)) badPadding = true;
      if (padded.length < padding) {
        if (strictPadding) return bad('missing-padding');
        warned = true;
      }
      at += 8 + length + padding;
      if (last) break;
    }
    if (strictPadding && badPadding) return bad('missing-padding');
    records.push({ offset, payload: concat(parts) });
    offset = at;
  }
  return { records, error: undefined, warned };
}

/** One part, whose header may say something else than what follows. */
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

/** One record as dmlc writes it: cut at every magic number at a multiple of four, which is left out. */
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

/** A file of these payloads. */
export function oracleFileRecordIO(payloads: readonly Uint8Array[], escapeMagic = true): Uint8Array {
  return concat(payloads.map((payload) => oracleFrameRecordIO(payload, escapeMagic)));
}
