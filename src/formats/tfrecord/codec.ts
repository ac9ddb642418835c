import { extended } from '../codec-options.ts';
import type { FormatReading, RecordCodec } from '../record-format.ts';
import { TFRecordDecoder } from './decoder.ts';
import { type TFRecordOptions, tfrecordReading } from './options.ts';
import { ownTFRecordScanner } from './scanner.ts';
import { walkTFRecords } from './walk.ts';

export const tfrecordCodec: RecordCodec<TFRecordOptions> = /* @__PURE__ */ extended<
  RecordCodec<TFRecordOptions>,
  FormatReading<TFRecordOptions>
>(tfrecordReading, {
  lenient: ({ recover, trailing, payloadCrc }) =>
    recover !== 'none' || trailing !== 'error' || payloadCrc !== 'crc32c',
  decoder: (options, source, stats) => new TFRecordDecoder(options, source, stats),
  own(bufferBytes, buffers) {
    const { scanner, nextBuffer } = ownTFRecordScanner(bufferBytes, buffers);
    return {
      nextBuffer,
      decoder: (options, source, stats) => new TFRecordDecoder(options, source, stats, scanner),
      walk: (opened, options, findings, onProgress) =>
        walkTFRecords(opened, options, scanner, findings, onProgress),
    };
  },
});
