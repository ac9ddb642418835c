export { createTFRecordDecoder, createTFRecordEncoder } from './node-streams.ts';
export { openTFRecordShards, type TFRecordShardOptions, TFRecordShardWriter } from './shard-writer.ts';
export { openTFRecordWriter, TFRecordWriter, type WrittenFile } from './tfrecord-writer.ts';
export { DEFAULT_WRITE_OPTIONS, type TFRecordWriteOptions } from './write-options.ts';
