export type { ByteSource } from '../bytes/sources.ts';
export { RecordBatch } from './batch.ts';
export type { ReadStats } from './corruption.ts';
export { type DetectedFormat, detectFormat } from './detect-format.ts';
export { type Compression, DEFAULT_READ_OPTIONS, type ReadOptions } from './read-options.ts';
export {
  type OpenedRecords,
  openRecords,
  type RecordScanOptions,
  type RecordSources,
  readRecordBatches,
  readRecords,
  scanRecords,
} from './read-records.ts';
export type { FormatName } from './record-format.ts';
export type { RecordReadOptions } from './record-read-options.ts';
export { RecordReader } from './record-reader.ts';
export {
  decodeRecordIO,
  decodeRecordIOBatches,
  type RecordIODecodeOptions,
} from './recordio/decode-recordio.ts';
export { readRecordIO, readRecordIOBatches } from './recordio/read-recordio.ts';
export { DEFAULT_RECORDIO_READ_OPTIONS, type RecordIOReadOptions } from './recordio/recordio-options.ts';
export { recordIODecoderStream, recordIOEncoderStream } from './recordio/recordio-streams.ts';
export { type RecordIOScanOptions, scanRecordIO } from './recordio/scan-recordio.ts';
export type { RecordScan } from './scan-source.ts';
export {
  decodeTextLineBatches,
  decodeTextLines,
  readTextLineBatches,
  readTextLines,
  scanTextLines,
  type TextLineDecodeOptions,
  type TextLineScanOptions,
} from './textline/read-textlines.ts';
export { DEFAULT_TEXTLINE_READ_OPTIONS, type TextLineReadOptions } from './textline/textline-options.ts';
export { textLineDecoderStream, textLineEncoderStream } from './textline/textline-streams.ts';
export {
  decodeTFRecordBatches,
  decodeTFRecords,
  type TFRecordDecodeOptions,
} from './tfrecord/decode-tfrecords.ts';
export { readTFRecordBatches, readTFRecords } from './tfrecord/read-tfrecords.ts';
export { scanTFRecords, type TFRecordScanOptions } from './tfrecord/scan-tfrecords.ts';
export { detectCompression } from './tfrecord/tfrecord-format.ts';
export { DEFAULT_TFRECORD_READ_OPTIONS, type TFRecordReadOptions } from './tfrecord/tfrecord-options.ts';
export { tfrecordDecoderStream, tfrecordEncoderStream } from './tfrecord/tfrecord-streams.ts';
