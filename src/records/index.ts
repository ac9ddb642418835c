export type { BinaryData } from '../bytes/binary-data.ts';
export type { ByteSource, OpenFileHandle } from '../bytes/sources.ts';
export { RecordBatch } from '../formats/batch.ts';
export type { ReadStats } from '../formats/corruption.ts';
export { type Compression, DEFAULT_READ_OPTIONS, type ReadOptions } from '../formats/read-options.ts';
export type { FormatName, OnProgress, ReadStart, ScanCounts } from '../formats/record-format.ts';
export { DEFAULT_RECORDIO_READ_OPTIONS, type RecordIOReadOptions } from '../formats/recordio/decoder.ts';
export { DEFAULT_TEXTLINE_READ_OPTIONS, type TextLineReadOptions } from '../formats/textline/options.ts';
export { DEFAULT_TFRECORD_READ_OPTIONS, type TFRecordReadOptions } from '../formats/tfrecord/decoder.ts';
export { detectCompression } from '../formats/tfrecord/format.ts';
export type { DecodeOptions } from './decode-bytes.ts';
export { type DetectedFormat, detectFormat } from './detect-format.ts';
export {
  type OpenedRecords,
  openRecords,
  type RecordScanOptions,
  type RecordSources,
  readRecordBatches,
  readRecords,
  scanRecords,
} from './read-records.ts';
export type { RecordReadOptions } from './record-read-options.ts';
export { type Batches, RecordReader } from './record-reader.ts';
export type { DecoderStream } from './record-streams.ts';
export {
  decodeRecordIO,
  decodeRecordIOBatches,
  type RecordIODecodeOptions,
  type RecordIOScanOptions,
  readRecordIO,
  readRecordIOBatches,
  recordIODecoderStream,
  recordIOEncoderStream,
  scanRecordIO,
} from './recordio.ts';
export type { RecordScan, ScanOptions } from './scan-source.ts';
export {
  decodeTextLineBatches,
  decodeTextLines,
  readTextLineBatches,
  readTextLines,
  scanTextLines,
  type TextLineDecodeOptions,
  type TextLineScanOptions,
  textLineDecoderStream,
  textLineEncoderStream,
} from './textline.ts';
export {
  decodeTFRecordBatches,
  decodeTFRecords,
  readTFRecordBatches,
  readTFRecords,
  scanTFRecords,
  type TFRecordDecodeOptions,
  type TFRecordScanOptions,
  tfrecordDecoderStream,
  tfrecordEncoderStream,
} from './tfrecord.ts';
