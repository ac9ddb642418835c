export {
  encodeRecordIO,
  encodeRecordIOInto,
  type RecordIOEncodeOptions,
  recordIOFrameBytes,
} from './recordio-encode.ts';
export { encodeTFRecord, encodeTFRecordInto, tfrecordFrameBytes } from './tfrecord-encode.ts';
