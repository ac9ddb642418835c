import { checkOptionNames } from '../bytes/arguments.ts';
import type { BinaryData } from '../bytes/binary-data.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { RecordBatch } from '../formats/batch.ts';
import { extended } from '../formats/codec-options.ts';
import { textLineCodec } from '../formats/textline/decoder.ts';
import { encodeTextLine } from '../formats/textline/encode.ts';
import {
  DEFAULT_TEXTLINE_OPTIONS,
  lineEndingOf,
  type TextLineEncodeOptions,
  type TextLineOptions,
} from '../formats/textline/options.ts';
import { type DecodeOptions, decodeBytes, decodedRecords } from './decode-bytes.ts';
import { DEFAULT_SOURCE_OPTIONS, type SourceOptions } from './read-options.ts';
import {
  type Batches,
  type DecoderStream,
  decoderStream,
  encoderStream,
  RecordReader,
  readBatches,
} from './record-reader.ts';
import { type RecordScan, type ScanOptions, scanNames, scanSource } from './scan-source.ts';

/** Options for reading lines of text. Every field has a default. */
export interface TextLineReadOptions extends TextLineOptions, SourceOptions {}

/** Default options of {@link readTextLines}. */
export const DEFAULT_TEXTLINE_READ_OPTIONS: TextLineReadOptions = /* @__PURE__ */ extended<
  TextLineReadOptions,
  TextLineOptions
>(DEFAULT_TEXTLINE_OPTIONS, DEFAULT_SOURCE_OPTIONS);

/** Options for decoding text that is already in memory. */
export type TextLineDecodeOptions = DecodeOptions<TextLineOptions>;

/** Options for scanning lines of text. */
export type TextLineScanOptions = ScanOptions<TextLineOptions>;

/**
 * Reads the lines of a text file or stream one by one, as views (`Uint8Array`) of their bytes,
 * without line endings (by default `\n` or `\r\n`). Empty lines count as lines, and so does a last
 * line without a delimiter. The source is closed when the loop ends.
 *
 * A line stays valid as long as you keep it, and keeps its chunk of `chunkBytes` in memory, unless
 * `reuse` is set.
 *
 * Compression `auto` detects gzip by its magic number, and zlib if the beginning is not text.
 * Several gzip members form one stream. As in TensorFlow, the last line of a member continues in
 * the next member if it has no delimiter.
 *
 * @param source a path, `file:` URL, descriptor or `-` (Node), bytes, Blob, Response, web or Node
 *   stream, or any (async) iterable of chunks
 * @param options see {@link TextLineReadOptions}
 * @throws RecordpipeError while iterating, after all lines before the damage: `record-too-large`
 *   (before more than `maxRecordBytes` are held), `malformed-text` (with `fatal`),
 *   `truncated-compressed-stream`, `corrupt-compressed-stream`, `trailing-garbage`, `not-found`,
 *   `access-denied`, `io-failure`, `source-changed`, `unsupported-source`, `aborted`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { readTextLines } from 'recordpipe';
 * const lines: string[] = [];
 * for await (const line of readTextLines(new Blob(['one\r\n', 'two']))) lines.push(new TextDecoder().decode(line));
 * console.log(lines.join(', ')); // one, two
 * ```
 */
export function readTextLines(source: ByteSource, options?: Partial<TextLineReadOptions>): RecordReader {
  checkOptionNames('readTextLines', options, DEFAULT_TEXTLINE_READ_OPTIONS);
  return new RecordReader((stats) => readBatches(textLineCodec, source, options, stats));
}

/**
 * Like {@link readTextLines}, but returns batches of up to about 1 MiB, for code that handles
 * millions of lines per second.
 *
 * @throws the same errors as {@link readTextLines}
 * @example
 * ```ts
 * import { readTextLineBatches } from 'recordpipe';
 * let lines = 0;
 * for await (const batch of readTextLineBatches(new Blob(['a\nb\n']))) lines += batch.length;
 * console.log(lines); // 2
 * ```
 */
export function readTextLineBatches(source: ByteSource, options?: Partial<TextLineReadOptions>): Batches {
  checkOptionNames('readTextLineBatches', options, DEFAULT_TEXTLINE_READ_OPTIONS);
  return readBatches(textLineCodec, source, options);
}

/**
 * Decodes the lines of a whole file in memory, one by one and synchronously. A line is a view of
 * `bytes` (or of new memory if they are compressed or the line is changed) and stays valid as long
 * as you keep it.
 *
 * @throws the same errors as {@link readTextLines}, while iterating; `closed` for a second
 *   iteration; `unsupported-source` for compressed bytes in a browser: use `readTextLines` there
 * @example
 * ```ts
 * import { decodeTextLines } from 'recordpipe';
 * const bytes = new TextEncoder().encode('one||two');
 * const lines = [...decodeTextLines(bytes, { delimiter: '||' })];
 * console.log(lines.length, lines[1]); // 2 Uint8Array(3) [ 116, 119, 111 ]
 * ```
 */
export function decodeTextLines(
  bytes: BinaryData,
  options?: Partial<TextLineDecodeOptions>,
): Generator<Uint8Array, void, undefined> {
  return decodedRecords('decodeTextLines', decodeBytes('decodeTextLines', textLineCodec, bytes, options));
}

/**
 * Like {@link decodeTextLines}, but returns batches of up to about 1 MiB.
 *
 * @throws the same errors as {@link decodeTextLines}
 * @example
 * ```ts
 * import { decodeTextLineBatches } from 'recordpipe';
 * const bytes = new TextEncoder().encode('one\ntwo\n');
 * for (const batch of decodeTextLineBatches(bytes)) console.log(batch.length, batch.offset(1)); // 2 4
 * ```
 */
export function decodeTextLineBatches(
  bytes: BinaryData,
  options?: Partial<TextLineDecodeOptions>,
): Generator<RecordBatch, void, undefined> {
  return decodeBytes('decodeTextLineBatches', textLineCodec, bytes, options);
}

/**
 * Counts the lines of a source nearly as fast as memory is read, and finds lines that are too long
 * or invalid in their encoding. Memory use is constant (one line is held if `recover`, `encoding`,
 * `skipBlank`, `stripBom` or `compat` differs from its default).
 *
 * A line that is too long is a finding, not an exception: it is not counted, and the scan continues
 * after it.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`,
 *   `aborted`
 * @example
 * ```ts
 * import { scanTextLines } from 'recordpipe';
 * const { records, payloadBytes } = await scanTextLines(new Blob(['one\r\n', 'two']));
 * console.log(records, payloadBytes); // 2 6
 * ```
 */
export function scanTextLines(
  source: ByteSource,
  options?: Partial<TextLineScanOptions>,
): Promise<RecordScan> {
  checkOptionNames('scanTextLines', options, scanNames(DEFAULT_TEXTLINE_READ_OPTIONS));
  return scanSource(textLineCodec, source, options);
}

/**
 * Returns a pair of web streams for `pipeThrough` that decodes the bytes of a text file. Each line
 * is a view.
 *
 * @throws the same errors as `readTextLines`, as errors of the readable side
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
 * Returns a web stream that encodes records as lines of text.
 *
 * @throws UsageError for invalid options; the same errors as `encodeTextLine`, as errors of both sides
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
  const ending = lineEndingOf('textLineEncoderStream', options);
  return encoderStream('textLineEncoderStream', (record) => encodeTextLine(record, ending));
}
