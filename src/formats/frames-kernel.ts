import { compileModule, type KernelExports, KernelMemory, wantsKernel } from '../bytes/kernel-memory.ts';
import { framesModule } from './frames-module.generated.ts';

/**
 * Exports of the module in `native/frames`. Addresses and lengths are in bytes of kernel memory.
 */
export interface FramesExports extends KernelExports {
  /**
   * Indexes whole lines and returns their number. `scanState` contains the position where the scan
   * stopped, the reason, and the total size of the lines.
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
  /** Returns the address of the first delimiter, or 2^32 - 1 if there is none. */
  findDelimiter(start: number, end: number, delimiter: number, delimiterBytes: number): number;
  /** Counts the `delimiter` bytes. `scanState` contains the number of removed carriage returns. */
  countLines(start: number, end: number, delimiter: number, mode: number, previous: number): number;
  /**
   * Writes the numbers of the lines in an index that must be changed. Returns how many there are.
   */
  markLines(origin: number, index: number, count: number, what: number, marks: number): number;
  /** Returns the number of words that equal RecordIO's magic number. */
  countMagics(start: number, end: number): number;
  /**
   * Scans whole single-part records and returns their number. `scanState` contains the position
   * where the scan stopped and the reason.
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
 * Returns a new instance, or undefined if the equivalent plain JavaScript must be used (see
 * `wantsKernel`).
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

/** Returns the instance that all readers of this process share. The first call creates it. */
export function sharedFramesKernel(): FramesKernel | undefined {
  if (shared === null) shared = createFramesKernel();
  return shared;
}
