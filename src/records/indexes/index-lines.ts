import type { StoredFile } from '../../storage/storage.ts';
import type { FrameTable } from './frame-table.ts';
import { malformedIndex } from './index-errors.ts';

const ZERO = 48;
const BILLION = 1e9;

/** The most digits of a safe integer. */
export const MAX_DIGITS = 16;

/** Writes a whole number from 0 to 2^53 in decimal; the index behind it. */
export function writeDecimal(target: Uint8Array, at: number, value: number): number {
  if (value < BILLION) return writeSmall(target, at, value, digitsOf(value));
  const high = Math.floor(value / BILLION);
  return writeSmall(target, writeSmall(target, at, high, digitsOf(high)), value - high * BILLION, 9);
}

function writeSmall(target: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    target[i] = ZERO + rest - next * 10;
    rest = next;
  }
  return at + digits;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  return digits;
}

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

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;

/** Whole lines of an index of text: `bytes[0, end)`, whose last byte is a newline. The bytes are used again for the next lines. */
export interface TextLines {
  readonly bytes: Uint8Array;
  readonly end: number;
}

/**
 * The lines of a text file, about 1 MiB at a time; a last line without a newline gets one.
 * @throws RecordpipeError `malformed-index` for a line longer than that
 */
export function* wholeLines(file: StoredFile): Generator<TextLines, void, undefined> {
  const bytes = new Uint8Array(CHUNK_BYTES + 1);
  let kept = 0;
  for (let at = 0; at < file.size; ) {
    const have = Math.min(CHUNK_BYTES - kept, file.size - at);
    if (have === 0) throw malformedIndex('a line has no end', { uri: file.path });
    file.readNow(bytes, kept, have, at);
    at += have;
    let filled = kept + have;
    if (at === file.size && bytes[filled - 1] !== NEWLINE) bytes[filled++] = NEWLINE;
    const end = bytes.lastIndexOf(NEWLINE, filled - 1) + 1;
    if (end > 0) yield { bytes, end };
    bytes.copyWithin(0, end, filled);
    kept = filled - end;
  }
}
