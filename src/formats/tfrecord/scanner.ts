import { readU32 } from '../../bytes/binary-data.ts';
import { createKernel, type Kernel, maskCrc32c, sharedKernel, tableCrc32c } from '../../crc32c/crc32c.ts';
import type { WasmKernel } from '../../crc32c/wasm-kernel.ts';
import {
  CHECK_DATA,
  CHECK_LENGTH,
  DATA_CHECKSUM,
  emptyScan,
  type FrameScan,
  type FrameScanner,
  growIndex,
  LENGTH_CHECKSUM,
  NEED_MORE,
  type ScanStop,
  TOO_LARGE,
} from '../frame-scan.ts';
import { FOOTER_BYTES, HEADER_BYTES, LENGTH_BYTES, OVERHEAD_BYTES } from './layout.ts';
import type { TFRecordOptions } from './options.ts';

const U32 = 2 ** 32;

/**
 * Scans TFRecord frames in JavaScript, for hosts without WebAssembly SIMD. It returns the same
 * results as the kernel.
 */
export class TFRecordTableScanner implements FrameScanner {
  readonly result: FrameScan = emptyScan();

  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    checks: number,
    maxRecordBytes: number,
    withIndex: boolean,
  ): void {
    const result = this.result;
    let at = from;
    let count = 0;
    result.expected = 0;
    result.actual = 0;
    for (;;) {
      result.lengthLow = 0;
      result.lengthHigh = 0;
      result.stop = NEED_MORE;
      result.wanted = HEADER_BYTES;
      if (to - at < HEADER_BYTES) break;
      result.lengthLow = readU32(bytes, at);
      result.lengthHigh = readU32(bytes, at + 4);
      if ((checks & CHECK_LENGTH) !== 0 && this.differs(bytes, at, LENGTH_BYTES)) {
        result.stop = LENGTH_CHECKSUM;
        break;
      }
      const length = result.lengthHigh * U32 + result.lengthLow;
      if (length > maxRecordBytes) {
        result.stop = TOO_LARGE;
        break;
      }
      result.wanted = length + OVERHEAD_BYTES;
      if (to - at < result.wanted) break;
      const payload = at + HEADER_BYTES;
      if ((checks & CHECK_DATA) !== 0 && this.differs(bytes, payload, length)) {
        result.stop = DATA_CHECKSUM;
        break;
      }
      if (withIndex) {
        result.index = growIndex(result.index, count, count + 1);
        result.index[2 * count] = payload;
        result.index[2 * count + 1] = length;
      }
      count++;
      at = payload + length + FOOTER_BYTES;
    }
    result.count = count;
    result.position = at;
    if (result.stop !== NEED_MORE) result.wanted = 0;
  }

  findHeader(bytes: Uint8Array, from: number, to: number, maxRecordBytes: number): number {
    for (let at = from; at + HEADER_BYTES <= to; at++) {
      const length = readU32(bytes, at + 4) * U32 + readU32(bytes, at);
      if (length <= maxRecordBytes && !this.differs(bytes, at, LENGTH_BYTES)) return at;
    }
    return -1;
  }

  crc32c(bytes: Uint8Array, seed: number): number {
    return tableCrc32c(bytes, seed);
  }

  private differs(bytes: Uint8Array, at: number, length: number): boolean {
    const expected = readU32(bytes, at + length);
    const actual = maskCrc32c(tableCrc32c(bytes.subarray(at, at + length), 0));
    if (expected === actual) return false;
    this.result.expected = expected;
    this.result.actual = actual;
    return true;
  }
}

/** Number of bytes copied into kernel memory per call. Both copies fit into the L2 cache. */
const STAGE_BYTES = 128 * 1024;
/** Maximum number of frames in the staging buffer, reached if all frames are empty. */
const INDEX_PAIRS = STAGE_BYTES / OVERHEAD_BYTES + 1;
/** A stop code of the kernel in addition to {@link ScanStop}. */
const INDEX_FULL = 4;
const NONE = 0xffffffff;

/**
 * Scans TFRecord frames with the WebAssembly kernel. Bytes in kernel memory are scanned in place,
 * and others are copied to a staging buffer. Payloads larger than the staging buffer are
 * checksummed in blocks.
 */
export class TFRecordWasmScanner implements FrameScanner {
  readonly result: FrameScan = emptyScan();
  readonly #kernel: WasmKernel;
  readonly #stage: number;
  readonly #pairs: number;
  /** Whether the last call stopped only because its index was full. */
  #full = false;

  constructor(kernel: WasmKernel) {
    this.#kernel = kernel;
    this.#pairs = kernel.allocate(INDEX_PAIRS * 8);
    this.#stage = kernel.allocate(STAGE_BYTES);
  }

  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    checks: number,
    maxRecordBytes: number,
    withIndex: boolean,
  ): void {
    const inPlace = bytes.buffer === this.#kernel.memory.buffer;
    const result = this.result;
    let at = from;
    let total = 0;
    for (;;) {
      const size = inPlace ? to - at : Math.min(to - at, STAGE_BYTES);
      const start = inPlace ? bytes.byteOffset + at : this.#stage;
      if (!inPlace) this.#kernel.heap().set(bytes.subarray(at, at + size), start);
      const count = this.#walk(start, size, checks, maxRecordBytes, withIndex);
      if (withIndex) this.#takeIndex(total, count, at);
      total += count;
      at += result.position;
      if (result.stop !== NEED_MORE) break;
      if (this.#full || (result.wanted <= to - at && result.wanted <= STAGE_BYTES)) continue;
      if (result.wanted > to - at) break;
      if (!this.#passLarge(bytes, at, checks)) break;
      if (withIndex) this.#addToIndex(total, at + HEADER_BYTES, result.lengthLow);
      total++;
      at += result.wanted;
    }
    result.count = total;
    result.position = at;
    if (result.stop !== NEED_MORE) result.wanted = 0;
  }

  findHeader(bytes: Uint8Array, from: number, to: number, maxRecordBytes: number): number {
    const exports = this.#kernel.exports;
    for (let at = from; to - at >= HEADER_BYTES; at += STAGE_BYTES - HEADER_BYTES + 1) {
      const size = Math.min(to - at, STAGE_BYTES);
      this.#kernel.heap().set(bytes.subarray(at, at + size), this.#stage);
      const found = exports.findTFRecordHeader(this.#stage, this.#stage + size, maxRecordBytes) >>> 0;
      if (found !== NONE) return at + (found - this.#stage);
    }
    return -1;
  }

  crc32c(bytes: Uint8Array, seed: number): number {
    return this.#kernel.crc32c(bytes, seed);
  }

  /**
   * Calls the kernel once, for `size` bytes at `start`. Positions in `result` are relative to
   * `start`.
   */
  #walk(start: number, size: number, checks: number, maxRecordBytes: number, withIndex: boolean): number {
    const exports = this.#kernel.exports;
    const pairs = withIndex ? this.#pairs : 0;
    const count =
      exports.scanTFRecords(start, start + size, pairs, INDEX_PAIRS, maxRecordBytes, checks) >>> 0;
    const state = this.#kernel.state();
    const result = this.result;
    const stop = state[1];
    result.position = state[0] - start;
    result.lengthLow = state[2];
    result.lengthHigh = state[3];
    result.expected = state[4];
    result.actual = state[5];
    result.stop = stop === INDEX_FULL ? NEED_MORE : (stop as ScanStop);
    result.wanted = size - result.position < HEADER_BYTES ? HEADER_BYTES : state[2] + OVERHEAD_BYTES;
    this.#full = stop === INDEX_FULL;
    return count;
  }

  /**
   * Checks the whole frame at `at`, which is larger than the staging buffer and has a valid header.
   */
  #passLarge(bytes: Uint8Array, at: number, checks: number): boolean {
    if ((checks & CHECK_DATA) === 0) return true;
    const result = this.result;
    const end = at + HEADER_BYTES + result.lengthLow;
    const actual = maskCrc32c(this.#kernel.crc32c(bytes.subarray(at + HEADER_BYTES, end), 0));
    const expected = readU32(bytes, end);
    if (actual === expected) return true;
    result.stop = DATA_CHECKSUM;
    result.expected = expected;
    result.actual = actual;
    return false;
  }

  #takeIndex(used: number, count: number, base: number): void {
    const index = growIndex(this.result.index, used, used + count);
    this.result.index = index;
    const pairs = new Uint32Array(this.#kernel.memory.buffer, this.#pairs, 2 * count);
    index.set(pairs, 2 * used);
    if (base === 0) return;
    for (let i = 2 * used, end = i + 2 * count; i < end; i += 2) index[i] += base;
  }

  #addToIndex(used: number, start: number, length: number): void {
    this.result.index = growIndex(this.result.index, used, used + 1);
    this.result.index[2 * used] = start;
    this.result.index[2 * used + 1] = length;
  }
}

/** Returns the `checks` bits of `FrameScanner.scan` for these options. */
export function checksOf({ checksum }: TFRecordOptions): number {
  return checksum === 'full' ? CHECK_LENGTH | CHECK_DATA : checksum === 'length' ? CHECK_LENGTH : 0;
}

let shared: FrameScanner | undefined;

/**
 * Returns the scanner that all readers of this process share. One staging buffer is enough, because
 * a scan is synchronous, and readers copy what they need from `result`.
 */
export function sharedTFRecordScanner(): FrameScanner {
  shared ??= scannerOf(sharedKernel());
  return shared;
}

/** A scanner with its own memory. It scans the buffers in that memory in place. */
export interface OwnScanner {
  readonly scanner: FrameScanner;
  /** Returns the next buffer, in rotation. */
  nextBuffer(): Uint8Array;
}

/**
 * Creates a scanner with its own buffers.
 * @param bytes size of each of the `count` buffers
 */
export function ownTFRecordScanner(bytes: number, count: number): OwnScanner {
  const kernel = createKernel();
  const scanner = scannerOf(kernel);
  const buffers =
    kernel.wasm?.buffers(bytes, count) ?? Array.from({ length: count }, () => new Uint8Array(bytes));
  let turn = 0;
  return { scanner, nextBuffer: () => buffers[turn++ % count] };
}

function scannerOf(kernel: Kernel): FrameScanner {
  return kernel.wasm === undefined ? new TFRecordTableScanner() : new TFRecordWasmScanner(kernel.wasm);
}
