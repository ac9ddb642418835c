export { encodeRecordIO, encodeRecordIOInto, recordIOFrameBytes } from './recordio/encode.ts';
export type { Multipart } from './recordio/layout.ts';
export type { RecordIOEncodeOptions } from './recordio/options.ts';
export { encodeTextLine, encodeTextLineInto } from './textline/encode.ts';
export type { CarriageReturns, TextLineEncodeOptions } from './textline/options.ts';
export { encodeTFRecord, encodeTFRecordInto, tfrecordFrameBytes } from './tfrecord/encode.ts';
