import { growIndex } from '../frame-scan.ts';
import { createFramesKernel, type FramesKernel, sharedFramesKernel } from '../frames-kernel.ts';
import { PART_HEADER_BYTES, partBytes, partFlag, RECORDIO_MAGIC } from './layout.ts';

/**
 * The result of a RecordIO scan. Every call reuses the object, so that scanning allocates nothing.
 */
export interface RecordIOScan {
  /** Number of whole single-part records. */
  count: number;
  /** Total payload size of these records, in bytes. */
  payloadBytes: number;
  /** Index in the bytes at which the scan stopped, which is the start of a part. */
  position: number;
  /** Reason why the scan stopped. */
  stop: RecordIOStop;
  /**
   * Number of bytes needed from `position` to check the part there; 0 unless `stop` is `NEED_MORE`.
   */
  wanted: number;
  /** Flag and length of the header at `position`; 0 if the header is incomplete. */
  word: number;
  /**
   * The pair (start, length) of each payload in the bytes: `2 * count` numbers. Filled only on
   * request.
   */
  index: Uint32Array;
}

/** Reasons why a scan stopped. The kernel returns these numbers. */
export const NEED_MORE = 0;
export const BAD_MAGIC = 1;
/** The part is not a whole record. Whether it is valid depends on earlier parts. */
export const IN_PARTS = 2;
export const TOO_LARGE = 3;
export const BAD_PADDING = 4;

export type RecordIOStop =
  | typeof NEED_MORE
  | typeof BAD_MAGIC
  | typeof IN_PARTS
  | typeof TOO_LARGE
  | typeof BAD_PADDING;

/** Scans single-part records. An instance serves one reader at a time. */
export interface RecordIOScanner {
  /** Result of the last call. */
  readonly result: RecordIOScan;
  /**
   * Scans the whole records of `bytes[from, to)` and sets `result`.
   * @param strictPadding whether padding must be zero
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

/** Scans RecordIO headers in JavaScript. It returns the same results as the kernel. */
export class RecordIOTableScanner implements RecordIOScanner {
  readonly result: RecordIOScan = emptyRecordIOScan();

  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    maxRecordBytes: number,
    strictPadding: boolean,
    withIndex: boolean,
  ): void {
    const result = this.result;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let { index } = result;
    let at = from;
    let count = 0;
    let payloadBytes = 0;
    let word = 0;
    let wanted = 0;
    let stop: RecordIOStop = NEED_MORE;
    for (;;) {
      word = 0;
      wanted = PART_HEADER_BYTES;
      if (to - at < PART_HEADER_BYTES) break;
      word = view.getUint32(at + 4, true);
      stop = judge(view.getUint32(at, true), word, maxRecordBytes);
      if (stop !== NEED_MORE) break;
      wanted = partBytes(word);
      if (to - at < wanted) break;
      const payload = at + PART_HEADER_BYTES;
      if (strictPadding && !zeros(bytes, payload + word, at + wanted)) {
        stop = BAD_PADDING;
        break;
      }
      if (withIndex) {
        if (2 * count === index.length) index = growIndex(index, count, count + 1);
        index[2 * count] = payload;
        index[2 * count + 1] = word;
      }
      count++;
      payloadBytes += word;
      at += wanted;
    }
    result.index = index;
    result.count = count;
    result.payloadBytes = payloadBytes;
    result.position = at;
    result.stop = stop;
    result.word = word;
    result.wanted = stop === NEED_MORE ? wanted : 0;
  }
}

function judge(magic: number, word: number, maxRecordBytes: number): RecordIOStop {
  if (magic !== RECORDIO_MAGIC) return BAD_MAGIC;
  if (partFlag(word) !== 0) return IN_PARTS;
  return word > maxRecordBytes ? TOO_LARGE : NEED_MORE;
}

function zeros(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Size of the staging buffer, which equals the size of the chunks that readers scan. */
const STAGE_BYTES = 1024 * 1024;
/**
 * Maximum average record size for which copying records into kernel memory is faster: a record of
 * 100 bytes takes 8 ns there, and 17 ns in JavaScript.
 */
const SMALL_BYTES = 256;
const INDEX_PAIRS = 16 * 1024;
/** A stop code of the kernel in addition to {@link RecordIOStop}. */
const INDEX_FULL = 5;

/**
 * Scans RecordIO headers with the WebAssembly kernel. Bytes in kernel memory are scanned in place,
 * and small records elsewhere are copied to a staging buffer. Large records are scanned in
 * JavaScript, because reading a header is faster than copying the record.
 */
export class RecordIOWasmScanner extends RecordIOTableScanner {
  readonly #kernel: FramesKernel;
  readonly #pairs: number;
  readonly #stage: number;
  #small = false;

  constructor(kernel: FramesKernel) {
    super();
    this.#kernel = kernel;
    this.#pairs = kernel.allocate(INDEX_PAIRS * 8);
    this.#stage = kernel.allocate(STAGE_BYTES);
  }

  override scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    maxRecordBytes: number,
    strictPadding: boolean,
    withIndex: boolean,
  ): void {
    if (bytes.buffer === this.#kernel.memory.buffer) {
      this.#walk(bytes.byteOffset, from, to, maxRecordBytes, strictPadding, withIndex);
      return;
    }
    if (this.#small && to - from <= STAGE_BYTES) {
      this.#kernel.heap().set(bytes.subarray(from, to), this.#stage);
      this.#walk(this.#stage - from, from, to, maxRecordBytes, strictPadding, withIndex);
    } else {
      super.scan(bytes, from, to, maxRecordBytes, strictPadding, withIndex);
    }
    const { count, position } = this.result;
    if (count > 0) this.#small = position - from < SMALL_BYTES * count;
  }

  /** Scans kernel memory from `base + from` to `base + to`. Positions are relative to `base`. */
  #walk(
    base: number,
    from: number,
    to: number,
    maxRecordBytes: number,
    strictPadding: boolean,
    withIndex: boolean,
  ): void {
    const { result } = this;
    const { exports } = this.#kernel;
    const pairs = withIndex ? this.#pairs : 0;
    const strict = strictPadding ? 1 : 0;
    let at = from;
    let total = 0;
    let payloadBytes = 0;
    for (;;) {
      const count =
        exports.scanRecordIO(base + at, base + to, pairs, INDEX_PAIRS, maxRecordBytes, strict) >>> 0;
      if (withIndex) this.#takeIndex(total, count, at);
      total += count;
      const state = this.#kernel.state();
      at = state[0] - base;
      payloadBytes += state[3];
      if (state[1] === INDEX_FULL) continue;
      result.stop = state[1] as RecordIOStop;
      result.word = state[2];
      break;
    }
    result.count = total;
    result.payloadBytes = payloadBytes;
    result.position = at;
    result.wanted = 0;
    if (result.stop === NEED_MORE)
      result.wanted = to - at < PART_HEADER_BYTES ? PART_HEADER_BYTES : partBytes(result.word);
  }

  #takeIndex(used: number, count: number, base: number): void {
    const index = growIndex(this.result.index, used, used + count);
    this.result.index = index;
    index.set(new Uint32Array(this.#kernel.memory.buffer, this.#pairs, 2 * count), 2 * used);
    if (base === 0) return;
    for (let i = 2 * used, end = i + 2 * count; i < end; i += 2) index[i] += base;
  }
}

let shared: RecordIOScanner | undefined;

/**
 * Returns the scanner that all readers of this process share. One staging buffer is enough, because
 * a scan is synchronous, and readers copy what they need from `result`.
 */
export function sharedRecordIOScanner(): RecordIOScanner {
  shared ??= scannerOf(sharedFramesKernel());
  return shared;
}

/** A scanner with its own memory. It scans the buffers in that memory in place. */
export interface OwnRecordIOScanner {
  readonly scanner: RecordIOScanner;
  /** Returns the next buffer, in rotation. */
  nextBuffer(): Uint8Array;
}

/**
 * Creates a scanner with its own buffers.
 * @param bytes size of each of the `count` buffers
 */
export function ownRecordIOScanner(bytes: number, count: number): OwnRecordIOScanner {
  const kernel = createFramesKernel();
  const scanner = scannerOf(kernel);
  const buffers = kernel?.buffers(bytes, count) ?? Array.from({ length: count }, () => new Uint8Array(bytes));
  let turn = 0;
  return { scanner, nextBuffer: () => buffers[turn++ % count] };
}

function scannerOf(kernel: FramesKernel | undefined): RecordIOScanner {
  return kernel === undefined ? new RecordIOTableScanner() : new RecordIOWasmScanner(kernel);
}
