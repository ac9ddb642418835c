import type { NativeAddon } from '../../crc32c/native-addon.ts';
import {
  emptyScan,
  type FrameScan,
  type FrameScanner,
  growIndex,
  NEED_MORE,
  type ScanStop,
} from '../frame-scan.ts';
import { HEADER_BYTES, OVERHEAD_BYTES } from './layout.ts';

/** A stop code of the addon in addition to {@link ScanStop}. */
const INDEX_FULL = 4;
/** Number of pairs by which a full index grows. */
const INDEX_PAIRS = 1024;

/** Scans TFRecord frames with the native addon, in place in any memory. */
export class TFRecordNativeScanner implements FrameScanner {
  readonly result: FrameScan = emptyScan();
  readonly #addon: NativeAddon;

  constructor(addon: NativeAddon) {
    this.#addon = addon;
  }

  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    checks: number,
    maxRecordBytes: number,
    withIndex: boolean,
  ): void {
    const { result } = this;
    const { registers } = this.#addon;
    let count = 0;
    let at = from;
    let stop = NEED_MORE as number;
    do {
      registers[0] = at;
      registers[1] = to;
      registers[2] = maxRecordBytes;
      registers[3] = checks;
      if (withIndex) {
        result.index = growIndex(result.index, count, count + INDEX_PAIRS);
        count += this.#addon.scan(bytes, count === 0 ? result.index : result.index.subarray(2 * count));
      } else {
        count = this.#addon.scan(bytes, undefined);
      }
      at = registers[0];
      stop = registers[1];
    } while (stop === INDEX_FULL);
    result.count = count;
    result.position = at;
    result.stop = stop as ScanStop;
    result.lengthLow = registers[2];
    result.lengthHigh = registers[3];
    result.expected = registers[4];
    result.actual = registers[5];
    result.wanted = 0;
    if (stop === NEED_MORE)
      result.wanted = to - at < HEADER_BYTES ? HEADER_BYTES : registers[2] + OVERHEAD_BYTES;
  }

  findHeader(bytes: Uint8Array, from: number, to: number, maxRecordBytes: number): number {
    const { registers } = this.#addon;
    registers[0] = from;
    registers[1] = to;
    registers[2] = maxRecordBytes;
    return this.#addon.find(bytes);
  }

  crc32c(bytes: Uint8Array, seed: number): number {
    return this.#addon.crc32c(bytes, seed);
  }
}

/** Size of a page of the system, in bytes. */
const ALIGNMENT = 4096;
const WASM_PAGE_BYTES = 65536;

/**
 * Allocates `count` page-aligned buffers of `bytes` bytes each, with a gap between them. Reading a
 * file into memory that is not aligned takes up to 20% longer, and ordinary memory is not.
 */
export function alignedBuffers(bytes: number, count: number): Uint8Array[] {
  if (typeof WebAssembly === 'undefined') return Array.from({ length: count }, () => new Uint8Array(bytes));
  const step = Math.ceil((bytes + 1) / ALIGNMENT) * ALIGNMENT;
  const { buffer } = new WebAssembly.Memory({ initial: Math.ceil((count * step) / WASM_PAGE_BYTES) });
  return Array.from({ length: count }, (_, k) => new Uint8Array(buffer, k * step, bytes));
}
