export { makeFolder } from '../../storage/local/make-folder.ts';
export {
  createRecordIODecoder,
  createRecordIOEncoder,
  createTextLineDecoder,
  createTextLineEncoder,
  createTFRecordDecoder,
  createTFRecordEncoder,
} from './node-streams.ts';
export { writeWhole } from './prepare-output.ts';
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
export { DEFAULT_WRITE_OPTIONS, type RecordWriteOptions } from './write-options.ts';
export {
  type AnyRecordShardOptions,
  type AnyRecordWriteOptions,
  openRecordIOShards,
  openRecordIOWriter,
  openRecordShards,
  openRecordWriter,
  openTextLineShards,
  openTextLineWriter,
  openTFRecordShards,
  openTFRecordWriter,
  type RecordIOShardOptions,
  type RecordIOWriteOptions,
  type TextLineShardOptions,
  type TextLineWriteOptions,
  type TFRecordShardOptions,
  type TFRecordWriteOptions,
} from './writers.ts';
