export type { ByteSource } from '../bytes/sources.ts';
export { RecordBatch } from './batch.ts';
export type { ReadStats } from './corruption.ts';
export { decodeRecordIO, decodeRecordIOBatches, type RecordIODecodeOptions } from './decode-recordio.ts';
export { decodeTFRecordBatches, decodeTFRecords, type TFRecordDecodeOptions } from './decode-tfrecords.ts';
export { type DetectedFormat, detectFormat } from './detect-format.ts';
export { type Compression, DEFAULT_READ_OPTIONS, type ReadOptions } from './read-options.ts';
export { readRecordIO, readRecordIOBatches } from './read-recordio.ts';
export {
  type OpenedRecords,
  openRecords,
  type RecordScanOptions,
  readRecordBatches,
  readRecords,
  scanRecords,
} from './read-records.ts';
export {
  decodeTextLineBatches,
  decodeTextLines,
  readTextLineBatches,
  readTextLines,
  scanTextLines,
  type TextLineDecodeOptions,
  type TextLineScanOptions,
} from './read-textlines.ts';
export { readTFRecordBatches, readTFRecords } from './read-tfrecords.ts';
export type { FormatName } from './record-format.ts';
export type { RecordReadOptions } from './record-read-options.ts';
export { RecordReader } from './record-reader.ts';
export { DEFAULT_RECORDIO_READ_OPTIONS, type RecordIOReadOptions } from './recordio-options.ts';
export { recordIODecoderStream, recordIOEncoderStream } from './recordio-streams.ts';
export { type RecordIOScanOptions, scanRecordIO } from './scan-recordio.ts';
export type { RecordScan } from './scan-source.ts';
export { scanTFRecords, type TFRecordScanOptions } from './scan-tfrecords.ts';
export { DEFAULT_TEXTLINE_READ_OPTIONS, type TextLineReadOptions } from './textline-options.ts';
export { textLineDecoderStream, textLineEncoderStream } from './textline-streams.ts';
export { detectCompression } from './tfrecord-format.ts';
export { DEFAULT_TFRECORD_READ_OPTIONS, type TFRecordReadOptions } from './tfrecord-options.ts';
export { tfrecordDecoderStream, tfrecordEncoderStream } from './tfrecord-streams.ts';
