import { extended, MAX_RECORD_BYTES } from '../codec-options.ts';
import type { FormatReading, RecordFormat } from '../record-format.ts';
import { checkLine } from './encode.ts';
import {
  type CarriageReturns,
  detect,
  type LineEnding,
  lineCutting,
  lineEnding,
  type TextLineOptions,
  textLineReading,
} from './options.ts';

/** Values of `cr`, indexed by their codes in index files. */
const CR_CODES: readonly CarriageReturns[] = ['keep', 'crlf', 'all'];

/** Lines of text, or other data separated by a delimiter. */
export const textLineFormat: RecordFormat<TextLineOptions, LineEnding> = /* @__PURE__ */ extended<
  RecordFormat<TextLineOptions, LineEnding>,
  FormatReading<TextLineOptions>
>(textLineReading, {
  title: 'lines of text',
  extensions: ['txt', 'text', 'lines', 'jsonl', 'ndjson', 'csv', 'tsv', 'manifest'],
  foundByDefault: false,
  isCertain: () => false,
  detect,
  checkOptions: ['delimiter', 'cr', 'skipBlank', 'stripBom', 'encoding', 'fatal'],
  writeOptions: lineEnding,
  checkPayload: checkLine,
  appendCheck: ({ delimiter }) => ({
    options: { delimiter, cr: 'keep', maxRecordBytes: MAX_RECORD_BYTES },
    onWarning:
      'the last line of the file has no delimiter, so the first appended line would become part of it; add a delimiter, or write a new file',
  }),
  index: {
    code: 3,
    options: ['delimiter', 'cr'],
    compared: ['delimiter'],
    encodeMode: ({ cr }) => CR_CODES.indexOf(cr),
    delimiter: (options) => lineCutting(options).delimiter,
    decode(mode, delimiter) {
      const cr = CR_CODES[mode];
      return cr && delimiter.length > 0 ? { delimiter, cr } : undefined;
    },
  },

  codec: async () => (await import('./decoder.ts')).textLineCodec,
  framer: async (options) => new (await import('./encode.ts')).TextLineFramer(options),
  frames: async (uri, options, count) =>
    new (await import('./frames.ts')).TextLineFrames(uri, options, count),
  frameFinder: async (options, chunkBytes, sink) =>
    (await import('./frames.ts')).findLines(options, chunkBytes, sink),
  headerHop: async (options, sink) => (await import('./frames.ts')).lineCounter(options, sink),
  boundaryFinder: async (options) => (await import('./frames.ts')).lineBoundaries(options),
});
