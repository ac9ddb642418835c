import { hex32, readU32 } from '../../bytes/binary-data.ts';
import type { Detection } from '../record-format.ts';
import { PART_HEADER_BYTES, RECORDIO_MAGIC } from './layout.ts';

/** As many bytes are needed to rule out an undamaged first record of any binary format. */
const MIN_BYTES = 12;

/** Whether the 4 bytes at `at` are the magic number. */
export function hasMagic(head: Uint8Array, at = 0): boolean {
  return head.length >= at + 4 && readU32(head, at) === RECORDIO_MAGIC;
}

/** How likely a file that begins with these bytes is RecordIO. */
export function detect(head: Uint8Array): Detection {
  if (hasMagic(head)) return { certainty: 'certain', reason: 'it begins with the magic number' };
  for (let at = 4; at + PART_HEADER_BYTES <= head.length; at += 4)
    if (hasMagic(head, at))
      return {
        certainty: 'damaged',
        reason: `its first magic number is damaged, a good one is at byte ${at}`,
      };
  const reason =
    head.length < MIN_BYTES
      ? `only ${head.length} bytes`
      : `not RecordIO (it begins with ${hex32(readU32(head, 0))}, not ${hex32(RECORDIO_MAGIC)})`;
  return { certainty: 'no', reason };
}
