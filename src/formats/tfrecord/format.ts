import { extended } from '../codec-options.ts';
import type { FormatReading, RecordFormat } from '../record-format.ts';
import { checkPayload, detect, hasHeader, MAX_RECORD_BYTES } from './layout.ts';
import { type TFRecordOptions, tfrecordReading } from './options.ts';

/** TFRecord, TensorFlow's record format. */
export const tfrecordFormat: RecordFormat<TFRecordOptions> = /* @__PURE__ */ extended<
  RecordFormat<TFRecordOptions>,
  FormatReading<TFRecordOptions>
>(tfrecordReading, {
  title: 'TFRecord',
  extensions: ['tfrecord', 'tfrecords', 'tfrec', 'tfr', 'record', 'records', 'tfevents'],
  /** Matches the logs of TensorBoard. */
  otherNames: /(^|\.)tfevents\./,
  foundByDefault: true,
  isCertain: (head) => hasHeader(head),
  detect,
  checkOptions: ['payloadCrc'],
  writeOptions: () => ({}),
  checkPayload,
  appendCheck: () => ({ options: { checksum: 'length', maxRecordBytes: MAX_RECORD_BYTES } }),
  index: {
    code: 1,
    options: [],
    compared: [],
    encodeMode: () => 0,
    decode: () => ({}),
  },
  foreignIndexes: ['vahidk', 'dali'],
  hasChecksums: true,

  codec: async () => (await import('./decoder.ts')).tfrecordCodec,
  framer: async () => new (await import('./encode.ts')).TFRecordFramer(),
  frames: async (uri, { payloadCrc }) => new (await import('./frames.ts')).TFRecordFrames(uri, payloadCrc),
  headerHop: async (options, sink) => new (await import('./frames.ts')).TFRecordHop(options, sink),
  boundaryFinder: async () => (await import('./frames.ts')).tfrecordBoundaries(),
});
