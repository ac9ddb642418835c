export { type IRHeader, type IRHeaderInput, packIR, type UnpackedIR, unpackIR } from './ir-header.ts';
export {
  encodeRecordIO,
  encodeRecordIOInto,
  type RecordIOEncodeOptions,
  recordIOFrameBytes,
} from './recordio-encode.ts';
export { encodeTFRecord, encodeTFRecordInto, tfrecordFrameBytes } from './tfrecord-encode.ts';
