import { encodeTextLine, type TextLineEncodeOptions } from '../../framing/textline-encode.ts';
import { type DecoderStream, decoderStream, encoderStream } from '../record-streams.ts';
import { readTextLines } from './read-textlines.ts';
import type { TextLineReadOptions } from './textline-options.ts';

/**
 * A pair of web streams, for `pipeThrough`: the bytes of a text file go in, its lines come out, each a view.
 *
 * @throws as `readTextLines`, as the error of the readable side
 * @example
 * ```ts
 * import { textLineDecoderStream } from 'recordpipe';
 * const lines = new Blob(['a\nb']).stream().pipeThrough(textLineDecoderStream()).getReader();
 * console.log((await lines.read()).value); // Uint8Array(1) [ 97 ]
 * ```
 */
export function textLineDecoderStream(options?: Partial<Omit<TextLineReadOptions, 'reuse'>>): DecoderStream {
  return decoderStream((bytes) => readTextLines(bytes, { ...options, reuse: false }));
}

/**
 * A web stream from records to the bytes of a text file, a line each.
 *
 * @throws as `encodeTextLine`, as the error of both sides
 * @example
 * ```ts
 * import { textLineEncoderStream } from 'recordpipe';
 * const { readable, writable } = textLineEncoderStream();
 * const writer = writable.getWriter();
 * void writer.write(Uint8Array.of(97));
 * console.log((await readable.getReader().read()).value); // Uint8Array(2) [ 97, 10 ]
 * ```
 */
export function textLineEncoderStream(
  options?: Partial<TextLineEncodeOptions>,
): TransformStream<Uint8Array, Uint8Array> {
  return encoderStream('textLineEncoderStream', (record) => encodeTextLine(record, options));
}
