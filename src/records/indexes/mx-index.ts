import type { RecordpipeError } from '../../errors.ts';
import type { StoredFile } from '../../storage/storage.ts';
import type { FrameTable } from './frame-table.ts';
import { FrameTableBuilder } from './frame-table.ts';
import { malformedIndex } from './index-errors.ts';
import { indexLines, wholeLines, writeDecimal } from './index-lines.ts';

// What MXNet's MXIndexedRecordIO and rec2idx write: for each record a line of key, tab, decimal position of its first byte. rec2idx's keys count from 0.

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const ZERO = 48;

/** Told of each line: its key is `bytes[from, to)`, to be looked at before it returns. */
export type OnMXLine = (bytes: Uint8Array, from: number, to: number, offset: number, line: number) => void;

/** The index as rec2idx writes it, in pieces. Each piece is to be used before the next is asked for. */
export function mxLines(table: FrameTable): Generator<Uint8Array, void, undefined> {
  return indexLines(table, (block, used, i, offset) => {
    let at = writeDecimal(block, used, i);
    block[at++] = TAB;
    at = writeDecimal(block, at, offset);
    block[at++] = NEWLINE;
    return at;
  });
}

/**
 * Tells of every line of such an index. As MXNet does, blanks around a line, and what follows a second tab, mean nothing.
 * @throws RecordpipeError `malformed-index`
 */
export function forEachMXLine(file: StoredFile, onLine: OnMXLine): void {
  let line = 0;
  for (const { bytes, end } of wholeLines(file)) {
    for (let at = 0; at < end; line++) {
      while (bytes[at] !== NEWLINE && isBlank(bytes[at])) at++;
      const from = at;
      while (bytes[at] !== TAB && bytes[at] !== NEWLINE) at++;
      const to = at;
      if (bytes[at] === TAB) at++;
      while (bytes[at] === SPACE) at++;
      const digits = at;
      let offset = 0;
      for (; bytes[at] >= ZERO && bytes[at] < ZERO + 10; at++) offset = offset * 10 + bytes[at] - ZERO;
      const read = at > digits && from < to && offset <= Number.MAX_SAFE_INTEGER;
      if (!read || (bytes[at] !== TAB && !isBlank(bytes[at]))) throw badLine(file, line);
      while (bytes[at] !== TAB && bytes[at] !== NEWLINE) if (!isBlank(bytes[at++])) throw badLine(file, line);
      while (bytes[at] !== NEWLINE) at++;
      at++;
      onLine(bytes, from, to, offset, line);
    }
  }
}

/**
 * Reads such an index, whose lines are in the order of the records and leave none out; what the keys are does not matter.
 * @param dataBytes where the last record ends
 * @throws RecordpipeError `malformed-index`
 */
export function readMXFrames(file: StoredFile, dataBytes: number): FrameTable {
  const builder = new FrameTableBuilder();
  const bad = (line: number, what: string): RecordpipeError =>
    malformedIndex(`line ${line + 1} ${what}`, { uri: file.path, record: line });
  let before = -1;
  let lines = 0;
  forEachMXLine(file, (_bytes, _from, _to, offset, line) => {
    if (line === 0 && offset !== 0)
      throw bad(
        line,
        `says ${offset}, the first record begins at 0; get records by their keys (openMXIndexedRecordIO)`,
      );
    if (offset <= before)
      throw bad(
        line,
        `says ${offset}, the line before it ${before}; get records by their keys (openMXIndexedRecordIO)`,
      );
    if (line > 0) builder.addFrame(offset - before);
    before = offset;
    lines++;
  });
  if (lines > 0 && before >= dataBytes) throw bad(lines - 1, `says ${before}, the data ends at ${dataBytes}`);
  if (lines > 0) builder.addFrame(dataBytes - before);
  return builder.finish(dataBytes);
}

function badLine({ path }: StoredFile, line: number): RecordpipeError {
  return malformedIndex(`line ${line + 1} is not a key, a tab and a position`, { uri: path, record: line });
}

/** Blanks and line ends of ASCII. */
function isBlank(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= 13);
}
