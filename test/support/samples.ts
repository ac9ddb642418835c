import { gzipSync } from 'node:zlib';
import { concat, oracleFile } from './oracle-tfrecord.ts';
import { Random } from './random.ts';

/** Six records with lengths at the boundaries of the format, and a file of them. */
export const PAYLOADS: readonly Uint8Array[] = [10, 200, 0, 300, 77, 15].map((length) =>
  new Random(length).bytes(length),
);
export const FILE: Uint8Array = oracleFile(PAYLOADS);
/** Offsets of the records and of the end of the file. */
export const OFFSETS: readonly number[] = recordOffsets(PAYLOADS);

/** Returns a copy with the bits `mask` of the byte at `at` flipped. */
export function flipped(bytes: Uint8Array, at: number, mask = 0x10): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] ^= mask;
  return copy;
}

/** Returns a copy in which the records at these indexes have an incorrect payload checksum. */
export function withBadPayloads(
  file: Uint8Array,
  offsets: readonly number[],
  bad: readonly number[],
): Uint8Array {
  return bad.reduce((bytes, record) => flipped(bytes, offsets[record + 1] - 1), file);
}

/** Returns `bytes` as gzip members split at these positions. */
export function gzipMembers(bytes: Uint8Array, cuts: readonly number[]): Uint8Array {
  const ends = [...cuts, bytes.length];
  return concat(ends.map((end, i) => gzipSync(bytes.subarray(ends[i - 1] ?? 0, end))));
}

/** Returns the offsets of the records and of the end of such a file. */
export function recordOffsets(payloads: readonly Uint8Array[]): number[] {
  const offsets = [0];
  for (const { length } of payloads) offsets.push(offsets[offsets.length - 1] + length + 16);
  return offsets;
}
