import { DAMAGED_OR_CHANGED, indexMismatch } from '../index-errors.ts';
import type { FrameReader } from '../record-format.ts';
import { findIn, needsChange, strippedLength, withoutCr } from './cutting.ts';
import { type LineCutting, lineCutting, type TextLineOptions } from './options.ts';

/** Lines: the delimiter is to lie right before and right behind, and nowhere inside. */
export class TextLineFrames implements FrameReader {
  readonly before: number;
  readonly headBytes = 0;
  readonly #uri: string;
  readonly #cutting: LineCutting;
  /** Of the last line, which may end without a delimiter. */
  readonly #last: number;

  constructor(uri: string, options: TextLineOptions, count: number) {
    this.#uri = uri;
    this.#cutting = { ...lineCutting(options), skipBlank: false, maxRecordBytes: 2 ** 32, utf8: false };
    this.before = this.#cutting.delimiter.length;
    this.#last = count - 1;
  }

  headFits(): boolean {
    return true;
  }

  payload(bytes: Uint8Array, at: number, frameBytes: number, record: number, offset: number): Uint8Array {
    const cutting = this.#cutting;
    const { delimiter } = cutting;
    const frame = new Uint8Array(bytes.buffer, bytes.byteOffset + at, frameBytes);
    const found = findIn(frame, 0, delimiter);
    const ended = found >= 0;
    const fits = ended ? found === frameBytes - delimiter.length : record === this.#last;
    if (!fits || (record > 0 && !precedes(delimiter, bytes, at))) {
      const what = `a line of ${frameBytes} bytes, its delimiter included, is to lie here, there is none`;
      throw indexMismatch(what, { uri: this.#uri, record, offset }, DAMAGED_OR_CHANGED);
    }
    // A carriage return at the end of a file is none that a delimiter follows.
    const end = ended ? found : frameBytes;
    const length = ended || cutting.cr === 'all' ? strippedLength(cutting, frame, 0, end) : end;
    return needsChange(cutting, frame, 0, length) ? withoutCr(frame, 0, length) : frame.subarray(0, length);
  }
}

function precedes(delimiter: Uint8Array, bytes: Uint8Array, at: number): boolean {
  const from = at - delimiter.length;
  for (let i = 0; i < delimiter.length; i++) if (bytes[from + i] !== delimiter[i]) return false;
  return true;
}
