import { readU32 } from '../bytes/little-endian.ts';
import { FIRST, PART_HEADER_BYTES, partFlag, RECORDIO_MAGIC } from './recordio-layout.ts';

/**
 * First place in `bytes[from, to)` where the header of a record's only or first part may lie whole; -1 if none. Looked at are the places
 * `from`, `from + 4`, …, as writers see to it that no magic number lies at a multiple of four inside a payload.
 */
export function findRecordHead(bytes: Uint8Array, from: number, to: number): number {
  const end = to - PART_HEADER_BYTES;
  for (let at = from; at <= end; at += 4) {
    if (
      bytes[at + 3] === 0xce &&
      readU32(bytes, at) === RECORDIO_MAGIC &&
      partFlag(readU32(bytes, at + 4)) <= FIRST
    ) {
      return at;
    }
  }
  return -1;
}
