export { createTFRecordDecoder, createTFRecordEncoder } from './node-streams.ts';
export {
  type AnyRecordShardOptions,
  type AnyRecordWriteOptions,
  openRecordShards,
  openRecordWriter,
} from './open-record-writer.ts';
export { RecordShardWriter, type ShardOptions } from './record-shards.ts';
export { RecordWriter, type WrittenFile } from './record-writer.ts';
export {
  openTFRecordShards,
  openTFRecordWriter,
  type TFRecordShardOptions,
  type TFRecordWriteOptions,
} from './tfrecord-writer.ts';
export { DEFAULT_WRITE_OPTIONS, type RecordWriteOptions } from './write-options.ts';
