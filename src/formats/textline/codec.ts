import { extended } from '../codec-options.ts';
import type { FormatReading, RecordCodec } from '../record-format.ts';
import { TextLineDecoder } from './decoder.ts';
import { lineCutting, type TextLineOptions, textLineReading } from './options.ts';
import { ownLineScanning } from './scanner.ts';
import { walkable, walkLines } from './walk.ts';

export const textLineCodec: RecordCodec<TextLineOptions> = /* @__PURE__ */ extended<
  RecordCodec<TextLineOptions>,
  FormatReading<TextLineOptions>
>(textLineReading, {
  lenient: (options) =>
    options.recover !== 'none' ||
    options.compat !== undefined ||
    options.stripBom ||
    options.encoding !== 'bytes' ||
    !walkable(lineCutting(options)),
  decoder: (options, source, stats) => new TextLineDecoder(options, source, stats),
  own(bufferBytes, buffers) {
    const { scanner, nextBuffer } = ownLineScanning(bufferBytes, buffers);
    return {
      nextBuffer,
      decoder: (options, source, stats) => new TextLineDecoder(options, source, stats, scanner),
      walk: (opened, options, findings, onProgress) =>
        walkLines(opened, scanner(lineCutting(options)), findings, onProgress),
    };
  },
});
