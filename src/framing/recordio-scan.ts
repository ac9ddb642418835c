/**
 * What a RecordIO scanner leaves behind after walking bytes: how many whole records of one part, where it stopped, and why.
 * The object is reused from call to call, so that scanning allocates nothing.
 */
export interface RecordIOScan {
  /** Whole records walked by the last call. */
  count: number;
  /** Their payload bytes. */
  payloadBytes: number;
  /** Index in the scanned bytes of the first byte not walked: the start of the part at which it stopped. */
  position: number;
  /** Why it stopped. */
  stop: RecordIOStop;
  /** Bytes wanted from `position` on before the part there can be judged; 0 unless `stop` is `NEED_MORE`. */
  wanted: number;
  /** Flag and length of the header at `position`; 0 when it is not whole. */
  word: number;
  /** Where the walked payloads lie in the scanned bytes: (start, length) pairs, `2 * count` numbers; only filled when asked for. */
  index: Uint32Array;
}

/** Why a scan stopped. Numbers, because they come from the kernel as numbers. */
export const NEED_MORE = 0;
export const BAD_MAGIC = 1;
/** The part there is not a whole record: what it means depends on what came before. */
export const IN_PARTS = 2;
export const TOO_LARGE = 3;
export const BAD_PADDING = 4;

export type RecordIOStop =
  | typeof NEED_MORE
  | typeof BAD_MAGIC
  | typeof IN_PARTS
  | typeof TOO_LARGE
  | typeof BAD_PADDING;

/** Walks records of one part. One instance serves one reader at a time. */
export interface RecordIOScanner {
  /** The result of the last call. */
  readonly result: RecordIOScan;
  /**
   * Walks whole records of `bytes[from, to)` and says in `result` how far it came.
   * @param strictPadding whether padding must be zeros
   * @param withIndex whether to fill `result.index`
   */
  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    maxRecordBytes: number,
    strictPadding: boolean,
    withIndex: boolean,
  ): void;
}

export function emptyRecordIOScan(): RecordIOScan {
  return {
    count: 0,
    payloadBytes: 0,
    position: 0,
    stop: NEED_MORE,
    wanted: 0,
    word: 0,
    index: new Uint32Array(0),
  };
}
