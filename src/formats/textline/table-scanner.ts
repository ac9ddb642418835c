import { growIndex } from '../frame-scan.ts';
import { countCr, findIn, lineTooLong, needsChange, strippedLength } from './cutting.ts';
import {
  emptyLineScan,
  type LineCutting,
  type LineScan,
  type LineScanner,
  MAX_LINES,
  NEED_MORE,
  TOO_LONG,
} from './scanner.ts';

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
