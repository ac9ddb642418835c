export type { ByteSource } from '../bytes/sources.ts';
export { RecordBatch } from './batch.ts';
export { detectCompression } from './compression.ts';
export type { ReadStats } from './corruption.ts';
export { decodeTFRecordBatches, decodeTFRecords, type TFRecordDecodeOptions } from './decode-tfrecords.ts';
export { type Compression, DEFAULT_READ_OPTIONS, type TFRecordReadOptions } from './read-options.ts';
export { readTFRecordBatches, readTFRecords, TFRecordReader } from './read-tfrecords.ts';
export { scanTFRecords, type TFRecordScan, type TFRecordScanOptions } from './scan-tfrecords.ts';
export { tfrecordDecoderStream, tfrecordEncoderStream } from './web-streams.ts';
