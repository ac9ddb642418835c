// Entry of the WebAssembly module: the exports for JavaScript.
import { SCAN_STATE } from './memory';
import { buildTables } from './tables';
import { buildLengths } from './tfrecord-lengths';
import { KERNEL_END } from './tfrecord-memory';
import { buildMasks } from './vectors';

export { crc32c, crc32cEnd, crc32cPart, crc32cStart } from './crc32c';
export { findTFRecordHeader } from './tfrecord-find';
export { scanTFRecords } from './tfrecord-scan';
export { sealTFRecord } from './tfrecord-seal';

export const heapBase: usize = KERNEL_END;
export const scanState: usize = SCAN_STATE;

buildMasks();
buildTables();
buildLengths();
