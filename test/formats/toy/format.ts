import { RecordpipeError } from '../../../src/errors.ts';
import {
  type CodecOptions,
  completeOptions,
  compressionOf,
  DEFAULT_CODEC_OPTIONS,
} from '../../../src/formats/codec-options.ts';
import type { FormatReading, RecordFormat } from '../../../src/formats/record-format.ts';
import { FRAME_BYTES, isHead, PAYLOAD_BYTES } from './layout.ts';

export const toyReading: FormatReading<CodecOptions> = {
  name: 'toy',
  readOptions: (given) => completeOptions(DEFAULT_CODEC_OPTIONS, given, {}),
  detectCompression: (head) => (isHead(head, 0) ? 'none' : compressionOf(head)),
};

/**
 * A toy format: records of 12 bytes, each after a magic number of four bytes. It shows the minimum
 * that a new format must define.
 */
export const toyFormat: RecordFormat<CodecOptions> = {
  ...toyReading,
  title: 'toy',
  extensions: ['toy'],
  foundByDefault: true,
  isCertain: (head) => isHead(head, 0),
  detect: (head) =>
    isHead(head, 0)
      ? { certainty: 'certain', reason: 'it begins with the toy magic' }
      : { certainty: 'no', reason: 'not a toy' },
  checkOptions: [],
  writeOptions: () => ({}),
  checkPayload({ length }) {
    if (length !== PAYLOAD_BYTES)
      throw new RecordpipeError('unrepresentable', `toy: a record has ${PAYLOAD_BYTES} bytes, got ${length}`);
  },
  appendCheck: () => ({ options: {} }),
  index: { code: 99, options: [], compared: [], encodeMode: () => 0, decode: () => ({}) },
  codec: async () => (await import('./codec.ts')).toyCodec,
  framer: async () => new (await import('./framer.ts')).ToyFramer(),
  frames: async (uri) => (await import('./frames.ts')).toyFrames(uri),
  headerHop: async (_, sink) => new (await import('./hop.ts')).ToyHop(FRAME_BYTES, sink),
};
