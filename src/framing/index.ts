export { encodeTFRecord, encodeTFRecordInto, tfrecordFrameBytes } from './tfrecord-encode.ts';
