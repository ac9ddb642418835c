import { extended } from '../codec-options.ts';
import type { FormatReading, RecordCodec } from '../record-format.ts';
import { RecordIODecoder } from './decoder.ts';
import { type RecordIOOptions, recordIOReading } from './options.ts';
import { ownRecordIOScanner } from './scanner.ts';
import { walkRecordIO } from './walk.ts';

export const recordIOCodec: RecordCodec<RecordIOOptions> = /* @__PURE__ */ extended<
  RecordCodec<RecordIOOptions>,
  FormatReading<RecordIOOptions>
>(recordIOReading, {
  lenient: ({ recover, trailing }) => recover !== 'none' || trailing !== 'error',
  decoder: (options, source, stats) => new RecordIODecoder(options, source, stats),
  own(bufferBytes, buffers) {
    const { scanner, nextBuffer } = ownRecordIOScanner(bufferBytes, buffers);
    return {
      nextBuffer,
      decoder: (options, source, stats) => new RecordIODecoder(options, source, stats, scanner),
      walk: (opened, options, findings, onProgress) =>
        walkRecordIO(opened, options, scanner, findings, onProgress),
    };
  },
});
