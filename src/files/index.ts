export { createTFRecordDecoder, createTFRecordEncoder } from './node-streams.ts';
export {
  type AnyRecordShardOptions,
  type AnyRecordWriteOptions,
  openRecordShards,
  openRecordWriter,
} from './open-record-writer.ts';
export { RecordShardWriter, type ShardOptions } from './record-shards.ts';
export { RecordWriter, type WrittenFile } from './record-writer.ts';
export { createRecordIODecoder, createRecordIOEncoder } from './recordio-node-streams.ts';
export {
  type ByteRange,
  type RecordIOSplit,
  type RecordIOSplitOptions,
  readRecordIOSplit,
  readRecordIOSplitBatches,
  recordIOSplitRange,
} from './recordio-split.ts';
export {
  openRecordIOShards,
  openRecordIOWriter,
  type RecordIOShardOptions,
  type RecordIOWriteOptions,
} from './recordio-writer.ts';
export { createTextLineDecoder, createTextLineEncoder } from './textline-node-streams.ts';
export {
  openTextLineShards,
  openTextLineWriter,
  type TextLineShardOptions,
  type TextLineWriteOptions,
} from './textline-writer.ts';
export {
  openTFRecordShards,
  openTFRecordWriter,
  type TFRecordShardOptions,
  type TFRecordWriteOptions,
} from './tfrecord-writer.ts';
export { DEFAULT_WRITE_OPTIONS, type RecordWriteOptions } from './write-options.ts';
export { writeWhole } from './write-whole.ts';
