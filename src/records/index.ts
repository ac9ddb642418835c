export type { BinaryData } from '../bytes/binary-data.ts';
export type { ByteSource, OpenFileHandle } from '../bytes/sources.ts';
export { RecordBatch } from '../formats/batch.ts';
export type { CodecOptions, Compression, ReadStart } from '../formats/codec-options.ts';
export type { ReadStats } from '../formats/corruption.ts';
export type { FormatName } from '../formats/names/index.ts';
export type { OnProgress, ScanCounts } from '../formats/record-format.ts';
export type { RecordIOOptions } from '../formats/recordio/options.ts';
export type { AnyOptions } from '../formats/registry.ts';
export { type DetectedFormat, detectFormat } from '../formats/registry.ts';
export type { TextLineOptions } from '../formats/textline/options.ts';
export { detectCompression } from '../formats/tfrecord/layout.ts';
export type { TFRecordOptions } from '../formats/tfrecord/options.ts';
export type { DecodeOptions } from './decode-bytes.ts';
export {
  DEFAULT_READ_OPTIONS,
  type ReadOptions,
  type RecordReadOptions,
  type SourceOptions,
} from './read-options.ts';
export {
  type OpenedRecords,
  openRecords,
  type RecordScanOptions,
  type RecordSources,
  readRecordBatches,
  readRecords,
  scanRecords,
} from './read-records.ts';
export type { DecoderStream } from './record-reader.ts';
export { type Batches, RecordReader } from './record-reader.ts';
export {
  DEFAULT_RECORDIO_READ_OPTIONS,
  decodeRecordIO,
  decodeRecordIOBatches,
  type RecordIODecodeOptions,
  type RecordIOReadOptions,
  type RecordIOScanOptions,
  readRecordIO,
  readRecordIOBatches,
  recordIODecoderStream,
  recordIOEncoderStream,
  scanRecordIO,
} from './recordio.ts';
export type { RecordScan, ScanOptions } from './scan-source.ts';
export {
  DEFAULT_TEXTLINE_READ_OPTIONS,
  decodeTextLineBatches,
  decodeTextLines,
  readTextLineBatches,
  readTextLines,
  scanTextLines,
  type TextLineDecodeOptions,
  type TextLineReadOptions,
  type TextLineScanOptions,
  textLineDecoderStream,
  textLineEncoderStream,
} from './textline.ts';
export {
  DEFAULT_TFRECORD_READ_OPTIONS,
  decodeTFRecordBatches,
  decodeTFRecords,
  readTFRecordBatches,
  readTFRecords,
  scanTFRecords,
  type TFRecordDecodeOptions,
  type TFRecordReadOptions,
  type TFRecordScanOptions,
  tfrecordDecoderStream,
  tfrecordEncoderStream,
} from './tfrecord.ts';
