/** The result of a scan. Every call reuses the object, so that scanning allocates nothing. */
export interface FrameScan {
  /** Number of whole, valid frames. */
  count: number;
  /** Index in the bytes at which the scan stopped, which is the start of a frame. */
  position: number;
  /** Reason why the scan stopped. */
  stop: ScanStop;
  /**
   * Number of bytes needed from `position` to check the frame there; 0 unless `stop` is
   * `NEED_MORE`.
   */
  wanted: number;
  /**
   * Length field of the frame at `position`, as low and high words; 0 if its header is incomplete.
   */
  lengthLow: number;
  lengthHigh: number;
  /** Stored checksum, if `stop` is a checksum mismatch. */
  expected: number;
  /** Computed checksum, if `stop` is a checksum mismatch. */
  actual: number;
  /**
   * The pair (start, length) of each payload in the bytes: `2 * count` numbers. Filled only on
   * request.
   */
  index: Uint32Array;
}

/** Reasons why a scan stopped. The kernel returns these numbers. */
export const NEED_MORE = 0;
export const LENGTH_CHECKSUM = 1;
export const DATA_CHECKSUM = 2;
export const TOO_LARGE = 3;

export type ScanStop = typeof NEED_MORE | typeof LENGTH_CHECKSUM | typeof DATA_CHECKSUM | typeof TOO_LARGE;

/** Bits that select the checksums that a scan verifies. */
export const CHECK_LENGTH = 1;
export const CHECK_DATA = 2;

/** Scans TFRecord frames. An instance serves one reader at a time. */
export interface FrameScanner {
  /** Result of the last call. */
  readonly result: FrameScan;
  /**
   * Scans the whole frames of `bytes[from, to)` and sets `result`.
   * @param checks CHECK_LENGTH | CHECK_DATA
   * @param withIndex whether to fill `result.index`
   */
  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    checks: number,
    maxRecordBytes: number,
    withIndex: boolean,
  ): void;
  /**
   * Returns the index in `bytes[from, to)` of the first whole header with a valid checksum and a
   * length within the limit, or -1 if there is none.
   */
  findHeader(bytes: Uint8Array, from: number, to: number, maxRecordBytes: number): number;
  /** Computes the CRC-32C with the same kernel, for records that are checked in pieces. */
  crc32c(bytes: Uint8Array, seed: number): number;
}

export function emptyScan(): FrameScan {
  return {
    count: 0,
    position: 0,
    stop: NEED_MORE,
    wanted: 0,
    lengthLow: 0,
    lengthHigh: 0,
    expected: 0,
    actual: 0,
    index: new Uint32Array(0),
  };
}

/**
 * Returns `index` with room for `pairs` pairs, and keeps its first `used` pairs. It grows by
 * doubling.
 */
export function growIndex(index: Uint32Array, used: number, pairs: number): Uint32Array {
  if (index.length >= 2 * pairs) return index;
  const grown = new Uint32Array(Math.max(2 * pairs, 2 * index.length, 128));
  grown.set(index.subarray(0, 2 * used));
  return grown;
}
