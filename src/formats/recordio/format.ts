import { extended, MAX_RECORD_BYTES } from '../codec-options.ts';
import type { FormatReading, RecordFormat } from '../record-format.ts';
import type { Multipart } from './layout.ts';
import { detect, hasMagic } from './layout.ts';
import {
  checkPayload,
  encodeOptions,
  type RecordIOEncodeOptions,
  type RecordIOOptions,
  recordIOReading,
} from './options.ts';

/** Values of `multipart`, indexed by their codes in index files. */
const MULTIPART_CODES: readonly Multipart[] = ['dmlc', 'concat', 'error'];
/** Bit that is set in addition to the code of `multipart`. */
const LENIENT_FLAGS = 0x10;

/** RecordIO, the record format of MXNet and SageMaker. */
export const recordIOFormat: RecordFormat<RecordIOOptions, RecordIOEncodeOptions> = /* @__PURE__ */ extended<
  RecordFormat<RecordIOOptions, RecordIOEncodeOptions>,
  FormatReading<RecordIOOptions>
>(recordIOReading, {
  title: 'RecordIO',
  extensions: ['rec', 'recordio', 'rio'],
  foundByDefault: true,
  isCertain: (head) => hasMagic(head),
  detect,
  checkOptions: ['multipart', 'lenientFlags', 'strictPadding'],
  writeOptions: encodeOptions,
  checkPayload,
  // This check does not depend on how parts are joined.
  appendCheck: () => ({ options: { multipart: 'concat', maxRecordBytes: MAX_RECORD_BYTES } }),
  index: {
    code: 2,
    options: ['multipart', 'lenientFlags'],
    compared: ['multipart', 'lenientFlags'],
    encodeMode: ({ multipart, lenientFlags }) =>
      MULTIPART_CODES.indexOf(multipart) | (lenientFlags ? LENIENT_FLAGS : 0),
    decode(mode) {
      const multipart = MULTIPART_CODES[mode & ~LENIENT_FLAGS];
      return multipart && { multipart, lenientFlags: (mode & LENIENT_FLAGS) !== 0 };
    },
  },
  foreignIndexes: ['mx'],

  codec: async () => (await import('./decoder.ts')).recordIOCodec,
  framer: async (options) => new (await import('./encode.ts')).RecordIOFramer(options),
  frames: async (uri, options, count) =>
    new (await import('./frames.ts')).RecordIOFrames(uri, options, count),
  headerHop: async (options, sink) => new (await import('./frames.ts')).RecordIOHop(options, sink),
  boundaryFinder: async () => (await import('./frames.ts')).RECORDIO_BOUNDARIES,
});
