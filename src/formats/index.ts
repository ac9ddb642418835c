export {
  type IRHeader,
  type IRHeaderInput,
  packIR,
  type UnpackedIR,
  unpackIR,
} from '../messages/ir-header.ts';
export {
  encodeRecordIO,
  encodeRecordIOInto,
  type RecordIOEncodeOptions,
  recordIOFrameBytes,
} from './recordio/encode.ts';
export type { Multipart } from './recordio/layout.ts';
export { encodeTextLine, encodeTextLineInto, type TextLineEncodeOptions } from './textline/encode.ts';
export type { CarriageReturns } from './textline/scanner.ts';
export { encodeTFRecord, encodeTFRecordInto, tfrecordFrameBytes } from './tfrecord/encode.ts';
