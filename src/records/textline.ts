import { checkOptionNames } from '../bytes/arguments.ts';
import type { BinaryData } from '../bytes/binary-data.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { RecordBatch } from '../formats/batch.ts';
import { extended } from '../formats/codec-options.ts';
import { textLineCodec } from '../formats/textline/decoder.ts';
import { encodeTextLine } from '../formats/textline/encode.ts';
import {
  DEFAULT_TEXTLINE_OPTIONS,
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

/** How lines of text are read. Every field has a default. */
export interface TextLineReadOptions extends TextLineOptions, SourceOptions {}

export const DEFAULT_TEXTLINE_READ_OPTIONS: TextLineReadOptions = /* @__PURE__ */ extended<
  TextLineReadOptions,
  TextLineOptions
>(DEFAULT_TEXTLINE_OPTIONS, DEFAULT_SOURCE_OPTIONS);

/** Options of decoding bytes that are already in memory. */
export type TextLineDecodeOptions = DecodeOptions<TextLineOptions>;

/** How lines are scanned. */
export type TextLineScanOptions = ScanOptions<TextLineOptions>;

/**
 * The lines of a text file or stream, one by one, as views (`Uint8Array`) of their bytes, without their ends (`\n` or `\r\n`, unless told otherwise).
 * Empty lines are lines, and so is a last one without an end. The source is closed when the loop ends, however it ends.
 *
 * A line stays valid as long as it is kept (it keeps its chunk of `chunkBytes` alive), unless `reuse` is set.
 *
 * Compression `auto` finds gzip by its magic, and zlib where the beginning is no text; several gzip members are read as one stream, so the last line of
 * one and the first of the next are one line where no line end is between them (as TensorFlow does).
 *
 * @param source a path, `file:` URL, descriptor or `-` (Node), bytes, Blob, Response, web or Node stream, or any (async) iterable of chunks
 * @param options see {@link TextLineReadOptions}
 * @throws RecordpipeError while iterating, after all lines before the place: `record-too-large` (before more than `maxRecordBytes` are gathered),
 * `malformed-text` (with `fatal`), `truncated-compressed-stream`, `corrupt-compressed-stream`, `trailing-garbage`, `not-found`, `access-denied`, `io-failure`,
 * `source-changed`, `unsupported-source`, `aborted`
 * @throws UsageError for an option value that no option has
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
 * The same lines, in batches of up to about 1 MiB: for those who count in millions per second.
 *
 * @throws as {@link readTextLines}
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
 * The lines in `bytes`, which hold a whole file, one by one and synchronously. Each is a view into `bytes` (into new memory where they are compressed
 * or changed) and valid as long as it is kept.
 *
 * @throws as {@link readTextLines}, while iterating; `closed` when they are iterated a second time; `unsupported-source` for compressed bytes in a browser: use `readTextLines` there
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
 * The same lines in batches of up to about 1 MiB.
 *
 * @throws as {@link decodeTextLines}
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
 * Counts the lines of a source without cutting them, nearly as fast as memory is read, and finds those that are too long or not in their encoding. Memory is
 * constant whatever the length of a line (one line is held where `recover`, `encoding`, `skipBlank`, `stripBom` or `compat` differ from their defaults).
 *
 * A line that is too long is a finding, not an exception: it is not counted, and the scan goes on behind it.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`, `aborted`
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
