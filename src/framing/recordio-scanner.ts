import { createFramesKernel, type FramesKernel, sharedFramesKernel } from './frames-kernel.ts';
import type { RecordIOScanner } from './recordio-scan.ts';
import { RecordIOTableScanner } from './recordio-table-scanner.ts';
import { RecordIOWasmScanner } from './recordio-wasm-scanner.ts';

let shared: RecordIOScanner | undefined;

/**
 * The scanner that all readers of this process share. A scan runs to its end before anybody else gets a turn and
 * readers keep nothing of `result` across turns, so one stage serves them all.
 */
export function sharedRecordIOScanner(): RecordIOScanner {
  shared ??= scannerOf(sharedFramesKernel());
  return shared;
}

/** A scanner with a memory of its own, and buffers in that memory, which it scans in place. */
export interface OwnRecordIOScanner {
  readonly scanner: RecordIOScanner;
  /** The next of `count` buffers, in turn. */
  nextBuffer(): Uint8Array;
}

/** @param bytes size of each of the `count` buffers */
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
