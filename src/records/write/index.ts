export {
  createRecordIODecoder,
  createRecordIOEncoder,
  createTextLineDecoder,
  createTextLineEncoder,
  createTFRecordDecoder,
  createTFRecordEncoder,
} from './node-streams.ts';
export { RecordShardWriter, type ShardOptions } from './record-shards.ts';
export { RecordWriter, type WrittenFile } from './record-writer.ts';
export {
  type ByteRange,
  type RecordIOSplit,
  type RecordIOSplitOptions,
  readRecordIOSplit,
  readRecordIOSplitBatches,
  recordIOSplitRange,
} from './recordio-split.ts';
export {
  openTFRecordShards,
  openTFRecordWriter,
  type TFRecordShardOptions,
  type TFRecordWriteOptions,
} from './tfrecord-writer.ts';
export { DEFAULT_WRITE_OPTIONS, type RecordWriteOptions } from './write-options.ts';
export { writeWhole } from './write-whole.ts';
export {
  type AnyRecordShardOptions,
  type AnyRecordWriteOptions,
  openRecordIOShards,
  openRecordIOWriter,
  openRecordShards,
  openRecordWriter,
  openTextLineShards,
  openTextLineWriter,
  type RecordIOShardOptions,
  type RecordIOWriteOptions,
  type TextLineShardOptions,
  type TextLineWriteOptions,
} from './writers.ts';
