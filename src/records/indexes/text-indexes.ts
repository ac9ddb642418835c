import type { RecordpipeError } from '../../errors.ts';
import type { StoredFile } from '../../storage/storage.ts';
import type { FrameTable } from './frame-table.ts';
import { FrameTableBuilder } from './frame-table.ts';
import { malformedIndex } from './index-errors.ts';
import { indexLines, wholeLines, writeDecimal } from './index-lines.ts';

// What tfrecord2idx of vahidk/tfrecord and of NVIDIA DALI writes: for each record a line of decimal position, space, decimal length of the whole frame.

const SPACE = 32;
const NEWLINE = 10;
const RETURN = 13;
const ZERO = 48;

/** The index as tfrecord2idx writes it, in pieces. Each piece is to be used before the next is asked for. */
export function vahidkLines(table: FrameTable): Generator<Uint8Array, void, undefined> {
  return indexLines(table, (block, used, _i, offset, bytes) => {
    let at = writeDecimal(block, used, offset);
    block[at++] = SPACE;
    at = writeDecimal(block, at, bytes);
    block[at++] = NEWLINE;
    return at;
  });
}

/**
 * Reads such an index, of frames that lie one behind the other.
 * @throws RecordpipeError `malformed-index`
 */
export function readVahidkIndex(file: StoredFile): FrameTable {
  const builder = new FrameTableBuilder();
  let expected = 0;
  let line = 0;
  const bad = (what: string): RecordpipeError =>
    malformedIndex(`line ${line + 1} ${what}`, { uri: file.path, record: line });
  for (const { bytes, end } of wholeLines(file)) {
    for (let at = 0; at < end; line++) {
      const start = at;
      let position = 0;
      for (; isDigit(bytes[at]); at++) position = position * 10 + bytes[at] - ZERO;
      const between = at;
      if (between === start || bytes[at++] !== SPACE) throw bad('is not a position, a space and a length');
      let length = 0;
      for (; isDigit(bytes[at]); at++) length = length * 10 + bytes[at] - ZERO;
      const behind = at;
      if (bytes[at] === RETURN) at++;
      if (behind === between + 1 || bytes[at++] !== NEWLINE)
        throw bad('is not a position, a space and a length');
      if (position !== expected) throw bad(`says ${position}, the record before it ends at ${expected}`);
      if (!(length > 0 && position + length <= Number.MAX_SAFE_INTEGER))
        throw bad(`has a length of ${length}`);
      builder.addFrame(length);
      expected += length;
    }
  }
  return builder.finish(expected);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10;
}
