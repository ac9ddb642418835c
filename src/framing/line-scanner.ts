import { createFramesKernel, sharedFramesKernel } from './frames-kernel.ts';
import type { LineCutting, LineScanner } from './line-scan.ts';
import { LineTableScanner } from './line-table-scanner.ts';
import { LineArea, LineWasmScanner } from './line-wasm-scanner.ts';

let shared: LineArea | undefined | null = null;

/** A scanner over the kernel that all readers of this process share. */
export function sharedLineScanner(cutting: LineCutting): LineScanner {
  if (shared === null) shared = areaOf(sharedFramesKernel());
  return scannerOf(shared, cutting);
}

/** A kernel of one's own, with buffers in its memory, which scanners over it scan in place. */
export interface OwnLineScanning {
  scanner(cutting: LineCutting): LineScanner;
  /** The next of `count` buffers, in turn. */
  nextBuffer(): Uint8Array;
}

/** @param bytes size of each of the `count` buffers */
export function ownLineScanning(bytes: number, count: number): OwnLineScanning {
  const area = areaOf(createFramesKernel());
  const buffers =
    area?.kernel.buffers(bytes, count) ?? Array.from({ length: count }, () => new Uint8Array(bytes));
  let turn = 0;
  return {
    scanner: (cutting) => scannerOf(area, cutting),
    nextBuffer: () => buffers[turn++ % count],
  };
}

function areaOf(kernel: ReturnType<typeof createFramesKernel>): LineArea | undefined {
  return kernel && new LineArea(kernel);
}

function scannerOf(area: LineArea | undefined, cutting: LineCutting): LineScanner {
  return area === undefined ? new LineTableScanner(cutting) : new LineWasmScanner(area, cutting);
}
