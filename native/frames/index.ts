// Entry of the second WebAssembly module, which scans formats without checksums. It is small, so
// that it compiles quickly, and separate, so that readers of one format do not load the other
// kernel.
import { HEAP_BASE, SCAN_STATE } from './memory';

export { countLines } from './line-count';
export { markLines } from './line-marks';
export { findDelimiter, scanLines } from './line-scan';
export { countMagics } from './recordio-magics';
export { scanRecordIO } from './recordio-scan';

export const heapBase: usize = HEAP_BASE;
export const scanState: usize = SCAN_STATE;
