import { type RecordpipeError, UsageError } from '../../errors.ts';
import { malformedIndex } from '../../formats/index-errors.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { type FrameTable, FrameTableBuilder } from './frame-table.ts';

// Text indexes have a line per record. tfrecord2idx of vahidk/tfrecord and of NVIDIA DALI writes
// the
// decimal position of the frame, a space, and its decimal length. MXNet writes a key, a tab, and
// the
// decimal position; rec2idx uses the record numbers as keys.

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const ZERO = 48;
const BILLION = 1e9;
/** Maximum length at which every decimal number is a safe integer. */
const SAFE_DIGITS = 15;
/** Number of digits of the largest safe integer. */
export const MAX_DIGITS = 16;
/** Maximum size of a line: two numbers, the separator, and the end of the line. */
const LINE_BYTES = 2 * MAX_DIGITS + 2;
const BLOCK_BYTES = 1024 * 1024;

/** A key of an MXNet index: text or an integer, which is a bigint unless it is safe. */
export type MXKey = string | number | bigint;

/** Whether keys are integers or the text in the index. */
export type MXKeyType = 'integer' | 'text';

/**
 * The keys of an index and the positions of their records. If a key is repeated, it refers to its
 * last record, as in MXNet.
 */
export interface MXKeys {
  /** Keys in file order, including repeated keys. */
  readonly keys: readonly MXKey[];
  readonly offsets: ReadonlyMap<MXKey, number>;
}

/** Called for each line. The key is `bytes[from, to)`, which is valid only during the call. */
export type OnMXLine = (bytes: Uint8Array, from: number, to: number, offset: number, line: number) => void;

/**
 * Yields the bytes of an index for vahidk/tfrecord and DALI. Each piece is valid until the next one
 * is read.
 */
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
 * Yields the bytes of an MXNet index in the format of rec2idx. Each piece is valid until the next
 * one is read.
 */
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
 * Reads an index for vahidk/tfrecord and DALI whose frames have no gaps.
 * @throws RecordpipeError `malformed-index`
 */
export function readVahidkIndex(file: StoredFile): FrameTable {
  const builder = new FrameTableBuilder();
  let expected = 0;
  let line = 0;
  for (const { bytes, end } of wholeLines(file)) {
    for (let at = 0; at < end; line++) {
      const start = at;
      let position = 0;
      for (; isDigit(bytes[at]); at++) position = position * 10 + bytes[at] - ZERO;
      const separator = at;
      if (separator === start || bytes[at++] !== SPACE)
        throw badLine(file, line, 'does not contain a position, a space and a length');
      let length = 0;
      for (; isDigit(bytes[at]); at++) length = length * 10 + bytes[at] - ZERO;
      const digitsEnd = at;
      if (bytes[at] === RETURN) at++;
      if (digitsEnd === separator + 1 || bytes[at++] !== NEWLINE)
        throw badLine(file, line, 'does not contain a position, a space and a length');
      if (position !== expected)
        throw badLine(file, line, `has position ${position}, but the previous record ends at ${expected}`);
      if (!(length > 0 && position + length <= Number.MAX_SAFE_INTEGER))
        throw badLine(file, line, `has a length of ${length}`);
      builder.addFrame(length);
      expected += length;
    }
  }
  return builder.finish(expected);
}

/**
 * Reads an MXNet index whose lines are in the order of the records and locate all of them. The keys
 * do not matter.
 * @param dataBytes the position at which the last record ends
 * @throws RecordpipeError `malformed-index`
 */
export function readMXFrames(file: StoredFile, dataBytes: number): FrameTable {
  const byKey = 'read records by their keys (openMXIndexedRecordIO)';
  const builder = new FrameTableBuilder();
  let previous = -1;
  let lines = 0;
  forEachMXLine(file, (_bytes, _from, _to, offset, line) => {
    if (line === 0 && offset !== 0)
      throw badLine(file, line, `has position ${offset}, but the first record begins at 0; ${byKey}`);
    if (offset <= previous)
      throw badLine(
        file,
        line,
        `has position ${offset}, which is not after the position of the previous line, ${previous}; ${byKey}`,
      );
    if (line > 0) builder.addFrame(offset - previous);
    previous = offset;
    lines++;
  });
  if (lines > 0 && previous >= dataBytes)
    throw badLine(file, lines - 1, `has position ${previous}, but the data ends at ${dataBytes}`);
  if (lines > 0) builder.addFrame(dataBytes - previous);
  return builder.finish(dataBytes);
}

/** Reads the keys of an MXNet index. @throws RecordpipeError `malformed-index` */
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
 * Calls `onLine` for every line of an MXNet index. As in MXNet, blanks around a line and everything
 * after a second tab are ignored.
 * @throws RecordpipeError `malformed-index`
 */
export function forEachMXLine(file: StoredFile, onLine: OnMXLine): void {
  const shape = 'does not contain a key, a tab and a position';
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
      for (; isDigit(bytes[at]); at++) offset = offset * 10 + bytes[at] - ZERO;
      const read = at > digits && from < to && offset <= Number.MAX_SAFE_INTEGER;
      if (!read || (bytes[at] !== TAB && !isBlank(bytes[at]))) throw badLine(file, line, shape);
      while (bytes[at] !== TAB && bytes[at] !== NEWLINE)
        if (!isBlank(bytes[at++])) throw badLine(file, line, shape);
      while (bytes[at] !== NEWLINE) at++;
      at++;
      onLine(bytes, from, to, offset, line);
    }
  }
}

/** Checks the type of keys. @throws UsageError for an unknown type of keys */
export function checkKeyType(type: MXKeyType): void {
  if (type !== 'integer' && type !== 'text')
    throw new UsageError(`keys: expected one of integer, text, got ${String(type)}`);
}

/**
 * Returns a key in the form in which it is stored and compared.
 * @throws UsageError for a key of a different type
 */
export function checkedKey(key: MXKey, type: MXKeyType): MXKey {
  if (type === 'text') {
    if (typeof key !== 'string') throw new UsageError(`key: expected a string, got ${typeof key}`);
    return key;
  }
  if (typeof key === 'bigint') return smallest(key);
  if (typeof key !== 'number')
    throw new UsageError(`key: expected an integer, got ${typeof key}; keys: 'text' accepts strings`);
  if (Number.isSafeInteger(key)) return key === 0 ? 0 : key;
  throw new UsageError(`key: expected an integer (a bigint beyond 2^53 - 1), got ${key}`);
}

/** Writes an integer from 0 to 2^53 in decimal and returns the index after it. */
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

/**
 * Writes the line of record `i`, whose frame has `bytes` bytes at `offset`, into `block` starting
 * at `used`. Returns the end of the line.
 */
type WriteLine = (block: Uint8Array, used: number, i: number, offset: number, bytes: number) => number;

function* indexLines(table: FrameTable, writeLine: WriteLine): Generator<Uint8Array, void, undefined> {
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

/**
 * Whole lines: `bytes[0, end)`, which ends with a newline. The bytes are valid only until the next
 * lines are read.
 */
interface TextLines {
  readonly bytes: Uint8Array;
  readonly end: number;
}

/**
 * Yields the lines of a text file in blocks of about 1 MiB. Adds a newline to the last line if it
 * has none.
 * @throws RecordpipeError `malformed-index` for a longer line
 */
function* wholeLines(file: StoredFile): Generator<TextLines, void, undefined> {
  const bytes = new Uint8Array(BLOCK_BYTES + 1);
  let kept = 0;
  for (let at = 0; at < file.size; ) {
    const have = Math.min(BLOCK_BYTES - kept, file.size - at);
    if (have === 0) throw malformedIndex('a line is too long', { uri: file.path });
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

function integerOf(file: StoredFile, bytes: Uint8Array, from: number, to: number, line: number): MXKey {
  if (to - from <= SAFE_DIGITS) {
    let value = 0;
    let at = from;
    for (; at < to && isDigit(bytes[at]); at++) value = value * 10 + bytes[at] - ZERO;
    if (at === to) return value;
  }
  const text = textOf(bytes, from, to).trim();
  if (/^[+-]?\d+$/.test(text)) return smallest(BigInt(text.replace('+', '')));
  const what = `has the key ${JSON.stringify(text)}, which is not an integer; keys: 'text' accepts the key`;
  throw badLine(file, line, what);
}

function smallest(key: bigint): MXKey {
  const number = Number(key);
  return Number.isSafeInteger(number) ? number : key;
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();
}

function badLine({ path }: StoredFile, line: number, what: string): RecordpipeError {
  return malformedIndex(`line ${line + 1} ${what}`, { uri: path, record: line });
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10;
}

/** Reports whether a byte is an ASCII blank or line end. */
function isBlank(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= RETURN);
}
