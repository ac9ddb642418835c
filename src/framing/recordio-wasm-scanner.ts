import { growIndex } from './frame-scan.ts';
import type { FramesKernel } from './frames-kernel.ts';
import { PART_HEADER_BYTES, partBytes } from './recordio-layout.ts';
import { NEED_MORE, type RecordIOStop } from './recordio-scan.ts';
import { RecordIOTableScanner } from './recordio-table-scanner.ts';

/** As much as readers have scanned at a time. */
const STAGE_BYTES = 1024 * 1024;
/** Up to this average size, records outside of kernel memory are copied into it first: 8 ns per record of 100 bytes where the walk in JavaScript takes 17. */
const SMALL_BYTES = 256;
const INDEX_PAIRS = 16 * 1024;
/** Kernel stop code beyond those of {@link RecordIOStop}. */
const INDEX_FULL = 5;

/**
 * Walks RecordIO headers with the WebAssembly kernel: bytes that lie in its memory in place, others, where records are small, through a stage in it.
 * Else they are walked where they lie: a header takes less time than copying its record.
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

  /** Walks kernel memory from `base + from` to `base + to`; positions are counted from `base`. */
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
