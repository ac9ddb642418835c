import { compileModule, type KernelExports, KernelMemory, wantsKernel } from '../bytes/kernel-memory.ts';
import { framesModule } from './frames-module.generated.ts';

/** What the module of `native/frames` exports. Addresses and lengths are bytes in kernel memory. */
export interface FramesExports extends KernelExports {
  scanLines(start: number, end: number): number;
  scanRecordIO(start: number, end: number): number;
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
