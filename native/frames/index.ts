// Entry of the second WebAssembly module: walking what has no checksums. Small, so that it compiles in no time, and apart from
// the checksum kernel, so that readers of one format need not carry the other.
import { HEAP_BASE, SCAN_STATE } from './memory';

export { countLines } from './line-count';
export { markLines } from './line-marks';
export { findDelimiter, scanLines } from './line-scan';
export { countMagics } from './recordio-magics';
export { scanRecordIO } from './recordio-scan';

export const heapBase: usize = HEAP_BASE;
export const scanState: usize = SCAN_STATE;
