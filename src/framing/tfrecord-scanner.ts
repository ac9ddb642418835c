import { createKernel, type Kernel, sharedKernel } from '../crc32c/kernel.ts';
import type { FrameScanner } from './frame-scan.ts';
import { TFRecordTableScanner } from './tfrecord-table-scanner.ts';
import { TFRecordWasmScanner } from './tfrecord-wasm-scanner.ts';

let shared: FrameScanner | undefined;

/**
 * The scanner that all readers of this process share. A scan runs to its end before anybody else gets a turn and
 * readers keep nothing of `result` across turns, so one stage serves them all.
 */
export function sharedTFRecordScanner(): FrameScanner {
  shared ??= scannerOf(sharedKernel());
  return shared;
}

/** A scanner with a memory of its own, and buffers in that memory, which it scans in place. */
export interface OwnScanner {
  readonly scanner: FrameScanner;
  /** The next of `count` buffers, in turn. */
  nextBuffer(): Uint8Array;
}

/** @param bytes size of each of the `count` buffers */
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
