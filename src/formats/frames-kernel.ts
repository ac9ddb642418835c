import { compileModule, type KernelExports, KernelMemory, wantsKernel } from '../bytes/kernel-memory.ts';
import { framesModule } from './frames-module.generated.ts';

/**
 * The exports of the module in `native/frames`. Addresses and lengths are bytes in kernel memory.
 */
export interface FramesExports extends KernelExports {
  /**
   * Cuts whole lines into an index. Returns their number. `scanState` has the stop position and
   * reason, and the bytes of the lines.
   */
  scanLines(
    start: number,
    end: number,
    delimiter: number,
    delimiterBytes: number,
    index: number,
    capacity: number,
    base: number,
    maxBytes: number,
    flags: number,
  ): number;
  /** Returns the address of the first delimiter; 2^32 - 1 if there is none. */
  findDelimiter(start: number, end: number, delimiter: number, delimiterBytes: number): number;
  /**
   * Returns the number of `delimiter` bytes. `scanState` has the number of removed carriage
   * returns.
   */
  countLines(start: number, end: number, delimiter: number, mode: number, previous: number): number;
  /** Writes the numbers of the lines of an index to change. Returns their count. */
  markLines(origin: number, index: number, count: number, what: number, marks: number): number;
  /** Returns the number of words that are RecordIO's magic number. */
  countMagics(start: number, end: number): number;
  /**
   * Scans whole records of one part. Returns their number. `scanState` has the stop position and
   * reason.
   */
  scanRecordIO(
    start: number,
    end: number,
    pairs: number,
    capacity: number,
    maxRecordBytes: number,
    strictPadding: number,
  ): number;
}

let compiled: WebAssembly.Module | undefined;
let shared: FramesKernel | undefined | null = null;

/** An instance of the module that scans frames without checksums, with its own memory. */
export class FramesKernel extends KernelMemory {
  readonly exports: FramesExports;

  constructor(exports: FramesExports) {
    super(exports);
    this.exports = exports;
  }
}

/**
 * Returns a new instance. Undefined where plain JavaScript must be used (see `wantsKernel`), with
 * the same results.
 */
export function createFramesKernel(): FramesKernel | undefined {
  if (!wantsKernel()) return undefined;
  try {
    compiled ??= compileModule(framesModule);
    return new FramesKernel(new WebAssembly.Instance(compiled).exports as unknown as FramesExports);
  } catch {
    return undefined;
  }
}

/** Returns the instance that all readers of this process share, created by the first call. */
export function sharedFramesKernel(): FramesKernel | undefined {
  if (shared === null) shared = createFramesKernel();
  return shared;
}
