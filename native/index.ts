// Entry of the WebAssembly module: what the JavaScript side may call.
import { HEAP_BASE, SCAN_STATE } from './memory';
import { buildTables } from './tables';
import { buildMasks } from './vectors';

export { crc32c } from './crc32c';
export { foldLongEnd, foldLongPart, foldLongStart } from './fold-long';
export { findTFRecordHeader } from './tfrecord-find';
export { scanTFRecords } from './tfrecord-scan';
export { sealTFRecord } from './tfrecord-seal';

export const heapBase: usize = HEAP_BASE;
export const scanState: usize = SCAN_STATE;

buildMasks();
buildTables();
