import { growIndex } from '../frame-scan.ts';
import { countCr, findIn, lineTooLong, needsChange, strippedLength } from './cutting.ts';
import type { LineCutting } from './options.ts';

/** Why a scan stopped: it wants more bytes, or the line at its position is longer than allowed. */
export const NEED_MORE = 0;
export const TOO_LONG = 2;

/** What cutting leaves behind. The object is reused from call to call. */
export interface LineScan {
  /** Whole lines cut by the last call. */
  count: number;
  /** Index in the scanned bytes of the first byte not passed: where the next line begins. */
  position: number;
  stop: typeof NEED_MORE | typeof TOO_LONG;
  /** Bytes of the lines cut, as far as their ends were stripped. */
  payloadBytes: number;
  /** (start in the scanned bytes, length) of each line, without the carriage returns that its end loses: `2 * count` numbers. */
  index: Uint32Array;
  /** The numbers of those lines that cannot be handed out as they are: with carriage returns inside that go, or bytes that are no UTF-8. */
  marks: Uint32Array;
  markCount: number;
}

/** Cuts bytes into lines, for one reader. */
export interface LineScanner {
  readonly cutting: LineCutting;
  /** The result of the last call of `scan`. */
  readonly result: LineScan;
  /**
   * Cuts whole lines off `bytes[from, to)`, where a line begins at `from`. It may stop early, with some lines cut; with none, it wants more bytes
   * or the line at `position` is too long.
   */
  scan(bytes: Uint8Array, from: number, to: number): void;
  /** Index of the first delimiter in `bytes[from, to)`; -1 if there is none. */
  find(bytes: Uint8Array, from: number, to: number): number;
  /**
   * Only counts: `bytes[from, to)` are whole lines, for a delimiter of one byte. How many lines; the bytes that are neither delimiters nor carriage
   * returns that go are in `counted`.
   */
  count(bytes: Uint8Array, from: number, to: number): number;
  /** Payload bytes that the last `count` passed. */
  readonly counted: number;
}

/** A batch's worth: lines that one scan cuts at most, but for those of one call of the kernel. */
export const MAX_LINES: number = 128 * 1024;

export function emptyLineScan(): LineScan {
  const none = new Uint32Array(0);
  return { count: 0, position: 0, stop: NEED_MORE, payloadBytes: 0, index: none, marks: none, markCount: 0 };
}

const CR = 13;

/** Cuts lines in JavaScript, for hosts without WebAssembly SIMD. Same answers as the kernel. */
export class LineTableScanner implements LineScanner {
  readonly cutting: LineCutting;
  readonly result: LineScan = emptyLineScan();
  counted = 0;

  constructor(cutting: LineCutting) {
    this.cutting = cutting;
  }

  scan(bytes: Uint8Array, from: number, to: number): void {
    const { result, cutting } = this;
    const { delimiter, skipBlank } = cutting;
    const within = bytes.subarray(0, to);
    let at = from;
    result.count = 0;
    result.markCount = 0;
    result.payloadBytes = 0;
    result.stop = NEED_MORE;
    while (result.count < MAX_LINES) {
      const stop = findIn(within, at, delimiter);
      if (stop < 0) break;
      if (lineTooLong(cutting, bytes, at, stop)) {
        result.stop = TOO_LONG;
        break;
      }
      const length = strippedLength(cutting, bytes, at, stop);
      if (length > 0 || !skipBlank) this.#add(bytes, at, length);
      at = stop + delimiter.length;
    }
    result.position = at;
  }

  find(bytes: Uint8Array, from: number, to: number): number {
    return findIn(bytes.subarray(0, to), from, this.cutting.delimiter);
  }

  count(bytes: Uint8Array, from: number, to: number): number {
    const { cr, delimiter } = this.cutting;
    const within = bytes.subarray(0, to);
    const needle = delimiter[0];
    const pairs = cr === 'crlf' && needle !== CR;
    let lines = 0;
    let dropped = cr === 'all' && needle !== CR ? countCr(bytes, from, to) : 0;
    for (let at = within.indexOf(needle, from); at >= 0; at = within.indexOf(needle, at + 1)) {
      lines++;
      if (pairs && at > from && bytes[at - 1] === CR) dropped++;
    }
    this.counted = to - from - lines - dropped;
    return lines;
  }

  #add(bytes: Uint8Array, at: number, length: number): void {
    const { result } = this;
    const { count, markCount } = result;
    result.index = growIndex(result.index, count, count + 1);
    result.index[2 * count] = at;
    result.index[2 * count + 1] = length;
    result.payloadBytes += length;
    if (needsChange(this.cutting, bytes, at, at + length)) {
      result.marks = growIndex(result.marks, markCount, markCount + 1);
      result.marks[markCount] = count;
      result.markCount++;
    }
    result.count++;
  }
}
