/**
 * The codec: everything that runs in a browser as well as in Node. Writing files, worker threads and Node streams are in
 * `recordpipe/files`, checking many files in `recordpipe/report`.
 *
 * @module
 */
export { crc32c, crc32cCombine, crc32cKernel, maskCrc32c, unmaskCrc32c } from './crc32c/index.ts';
export {
  DATA_ERROR_CODES,
  type ErrorCode,
  type ErrorPlace,
  isRecordpipeError,
  RecordpipeError,
} from './errors.ts';
export { encodeTFRecord, encodeTFRecordInto, tfrecordFrameBytes } from './framing/index.ts';
export {
  type ByteSource,
  type Compression,
  DEFAULT_READ_OPTIONS,
  DEFAULT_TFRECORD_READ_OPTIONS,
  type DetectedFormat,
  decodeTFRecordBatches,
  decodeTFRecords,
  detectCompression,
  detectFormat,
  type FormatName,
  type OpenedRecords,
  openRecords,
  type ReadOptions,
  type ReadStats,
  RecordBatch,
  RecordReader,
  type RecordReadOptions,
  type RecordScan,
  type RecordScanOptions,
  readRecordBatches,
  readRecords,
  readTFRecordBatches,
  readTFRecords,
  scanRecords,
  scanTFRecords,
  type TFRecordDecodeOptions,
  type TFRecordReadOptions,
  type TFRecordScanOptions,
  tfrecordDecoderStream,
  tfrecordEncoderStream,
} from './records/index.ts';
