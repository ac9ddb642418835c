import { type RecordpipeError, UsageError } from '../../errors.ts';
import { malformedIndex } from '../../formats/index-errors.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { type FrameTable, FrameTableBuilder } from './frame-table.ts';

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
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

// What MXNet's MXIndexedRecordIO and rec2idx write: for each record a line of key, tab, decimal position of its first byte. rec2idx's keys count from 0.

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

/** A key of MXNet's index: text, or a whole number, as bigint beyond the safe ones. */
export type MXKey = string | number | bigint;

/** How keys are taken: as whole numbers, or as the text they are. */
export type MXKeyType = 'integer' | 'text';

/** Numbers of so many digits are safe. */
const SAFE_DIGITS = 15;

/** The keys of an index and where their records begin. Of a key that comes twice the last record counts, as in MXNet. */
export interface MXKeys {
  /** In the order of the file, repeated ones included. */
  readonly keys: readonly MXKey[];
  readonly offsets: ReadonlyMap<MXKey, number>;
}

/** @throws RecordpipeError `malformed-index` */
export function readMXKeys(file: StoredFile, type: MXKeyType): MXKeys {
  const keys: MXKey[] = [];
  const offsets = new Map<MXKey, number>();
  forEachMXLine(file, (bytes, from, to, offset, line) => {
    const key = type === 'text' ? textOf(bytes, from, to) : integerOf(file, bytes, from, to, line);
    keys.push(key);
    offsets.set(key, offset);
  });
  return { keys, offsets };
}

/**
 * The key as it is kept and compared.
 * @throws UsageError for one that is not of the type
 */
export function checkedKey(key: MXKey, type: MXKeyType): MXKey {
  if (type === 'text') {
    if (typeof key !== 'string') throw new UsageError(`key: expected text, got ${typeof key}`);
    return key;
  }
  if (typeof key === 'bigint') return smallest(key);
  if (typeof key !== 'number')
    throw new UsageError(`key: expected an integer, got ${typeof key}; keys: 'text' takes text`);
  if (Number.isSafeInteger(key)) return key === 0 ? 0 : key;
  throw new UsageError(`key: expected an integer, beyond 2^53 - 1 as bigint, got ${key}`);
}

function smallest(key: bigint): MXKey {
  const number = Number(key);
  return Number.isSafeInteger(number) ? number : key;
}

function integerOf(file: StoredFile, bytes: Uint8Array, from: number, to: number, line: number): MXKey {
  if (to - from <= SAFE_DIGITS) {
    let value = 0;
    let at = from;
    for (; at < to; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === to) return value;
  }
  const text = textOf(bytes, from, to).trim();
  if (/^[+-]?\d+$/.test(text)) return smallest(BigInt(text.replace('+', '')));
  throw notInteger(file, text, line);
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();
}

function notInteger({ path }: StoredFile, text: string, line: number): RecordpipeError {
  const what = `line ${line + 1} has the key ${JSON.stringify(text)}, which is no whole number; keys: 'text' takes it`;
  return malformedIndex(what, { uri: path, record: line });
}

// What tfrecord2idx of vahidk/tfrecord and of NVIDIA DALI writes: for each record a line of decimal position, space, decimal length of the whole frame.

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
