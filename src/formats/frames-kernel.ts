import { compileModule, type KernelExports, KernelMemory, wantsKernel } from '../bytes/kernel-memory.ts';
import { framesModule } from './frames-module.generated.ts';

/** What the module of `native/frames` exports. Addresses and lengths are bytes in kernel memory. */
export interface FramesExports extends KernelExports {
  /** Cuts whole lines into an index; how many. Where and why it stopped, and the bytes of the lines, are in `scanState`. */
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
  /** Address of the first delimiter; 2^32 - 1 if there is none. */
  findDelimiter(start: number, end: number, delimiter: number, delimiterBytes: number): number;
  /** How many bytes `delimiter` there are; how many CRs are left out is in `scanState`. */
  countLines(start: number, end: number, delimiter: number, mode: number, previous: number): number;
  /** Writes down the numbers of the lines of an index that have to be changed; how many. */
  markLines(origin: number, index: number, count: number, what: number, marks: number): number;
  /** How many words are RecordIO's magic number. */
  countMagics(start: number, end: number): number;
  /** Walks whole records of one part; how many. Where and why it stopped is in `scanState`. */
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

/** One instance of the module that walks frames without checksums, with a memory of its own. */
export class FramesKernel extends KernelMemory {
  readonly exports: FramesExports;

  constructor(exports: FramesExports) {
    super(exports);
    this.exports = exports;
  }
}

/** A new instance, or undefined where plain JavaScript is to serve (see `wantsKernel`), with the same results. */
export function createFramesKernel(): FramesKernel | undefined {
  if (!wantsKernel()) return undefined;
  try {
    compiled ??= compileModule(framesModule);
    return new FramesKernel(new WebAssembly.Instance(compiled).exports as unknown as FramesExports);
  } catch {
    return undefined;
  }
}

/** The instance that all readers of this process share; made at the first call. */
export function sharedFramesKernel(): FramesKernel | undefined {
  if (shared === null) shared = createFramesKernel();
  return shared;
}
