/**
 * What every format's scanner leaves behind after walking bytes: how many whole frames, where it stopped, and why.
 * The object is reused from call to call, so that scanning allocates nothing.
 */
export interface FrameScan {
  /** Whole good frames walked by the last call. */
  count: number;
  /** Index in the scanned bytes of the first byte not walked: the start of the frame at which it stopped. */
  position: number;
  /** Why it stopped. */
  stop: ScanStop;
  /** Bytes wanted from `position` on before the frame there can be judged; 0 unless `stop` is `NEED_MORE`. */
  wanted: number;
  /** Length field of the frame at `position`, low and high word; 0 when its header is not whole. */
  lengthLow: number;
  lengthHigh: number;
  /** The checksum that the file holds and the one that its bytes give, where `stop` is a checksum mismatch. */
  expected: number;
  actual: number;
  /** Where the walked payloads lie in the scanned bytes: (start, length) pairs, `2 * count` numbers; only filled when asked for. */
  index: Uint32Array;
}

/** Why a scan stopped. Numbers, because they come from the kernel as numbers. */
export const NEED_MORE = 0;
export const LENGTH_CHECKSUM = 1;
export const DATA_CHECKSUM = 2;
export const TOO_LARGE = 3;

export type ScanStop = typeof NEED_MORE | typeof LENGTH_CHECKSUM | typeof DATA_CHECKSUM | typeof TOO_LARGE;

/** Which checksums a scan verifies: bits. */
export const CHECK_LENGTH = 1;
export const CHECK_DATA = 2;

/** Walks the frames of one format. One instance serves one reader at a time. */
export interface FrameScanner {
  /** The result of the last call. */
  readonly result: FrameScan;
  /**
   * Walks whole frames of `bytes[from, to)` and says in `result` how far it came.
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
  /** First place in `bytes[from, to)` where a whole header with a good checksum and a length within the limit lies; -1 if none. */
  findHeader(bytes: Uint8Array, from: number, to: number, maxRecordBytes: number): number;
  /** CRC-32C by the same kernel, for records that are checked piece by piece. */
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

/** `index` with room for `pairs` pairs, its first `used` pairs kept. Grows by doubling. */
export function growIndex(index: Uint32Array, used: number, pairs: number): Uint32Array {
  if (index.length >= 2 * pairs) return index;
  const grown = new Uint32Array(Math.max(2 * pairs, 2 * index.length, 128));
  grown.set(index.subarray(0, 2 * used));
  return grown;
}
