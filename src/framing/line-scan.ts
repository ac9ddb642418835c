/** What becomes of carriage returns: all stay, one before the delimiter goes, or every one in the line goes. */
export type CarriageReturns = 'keep' | 'crlf' | 'all';

/** How a stream is cut into lines. */
export interface LineCutting {
  /** What ends a line: 1 to 256 bytes. Of matches that overlap the leftmost counts. */
  readonly delimiter: Uint8Array;
  readonly cr: CarriageReturns;
  /** Whether lines of which nothing is left are passed over. */
  readonly skipBlank: boolean;
  /** Largest line, not counting its delimiter and one carriage return that goes. */
  readonly maxRecordBytes: number;
  /** Whether lines that are no UTF-8 are marked. */
  readonly utf8: boolean;
}

/** The longest delimiter. */
export const MAX_DELIMITER_BYTES = 256;

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
