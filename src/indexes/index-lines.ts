import { MAX_DIGITS } from './decimal.ts';
import type { FrameTable } from './frame-table.ts';

const BLOCK_BYTES = 1024 * 1024;
/** Two numbers, what parts them, and the line's end. */
const LINE_BYTES = 2 * MAX_DIGITS + 2;

/** Writes the line of record `i`, whose frame is the `bytes` bytes at `offset`, into `block` from `used` on; the end of what was written. */
type WriteLine = (block: Uint8Array, used: number, i: number, offset: number, bytes: number) => number;

/** An index of a line per record, in pieces. Each piece is to be used before the next is asked for. */
export function* indexLines(table: FrameTable, writeLine: WriteLine): Generator<Uint8Array, void, undefined> {
  const block = new Uint8Array(BLOCK_BYTES);
  let used = 0;
  let offset = 0;
  for (let i = 0; i < table.count; i++) {
    if (used > BLOCK_BYTES - LINE_BYTES) {
      yield block.subarray(0, used);
      used = 0;
    }
    const bytes = table.frameBytes(i);
    used = writeLine(block, used, i, offset, bytes);
    offset += bytes;
  }
  yield block.subarray(0, used);
}
