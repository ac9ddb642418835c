import { checkOptionNames } from '../bytes/arguments.ts';
import type { BinaryData } from '../bytes/binary-data.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { RecordBatch } from '../formats/batch.ts';
import { extended } from '../formats/codec-options.ts';
import { recordIOCodec } from '../formats/recordio/decoder.ts';
import { encodeRecordIO } from '../formats/recordio/encode.ts';
import {
  DEFAULT_RECORDIO_OPTIONS,
  encodeOptionsOf,
  type RecordIOEncodeOptions,
  type RecordIOOptions,
} from '../formats/recordio/options.ts';
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

/** Options for reading RecordIO. Every field has a default. */
export interface RecordIOReadOptions extends RecordIOOptions, SourceOptions {}

/** Default options of {@link readRecordIO}. */
export const DEFAULT_RECORDIO_READ_OPTIONS: RecordIOReadOptions = /* @__PURE__ */ extended<
  RecordIOReadOptions,
  RecordIOOptions
>(DEFAULT_RECORDIO_OPTIONS, DEFAULT_SOURCE_OPTIONS);

/**
 * Reads the records of a RecordIO file or stream (dmlc, MXNet, SageMaker) one by one, as views
 * (`Uint8Array`) of the payload bytes. Multipart records are joined in new memory. The source is
 * closed when the loop ends.
 *
 * RecordIO has no checksums, so a changed payload byte is not detected. A changed header is nearly
 * always detected, by the next record at the latest.
 *
 * A record stays valid as long as you keep it, and keeps its chunk of `chunkBytes` in memory,
 * unless `reuse` is set.
 *
 * @param source a path, `file:` URL, descriptor or `-` (Node), bytes, Blob, Response, web or Node
 *   stream, or any (async) iterable of chunks
 * @param options see {@link RecordIOReadOptions}; by default, parts are joined as in dmlc, the
 *   order of parts is strict, and the compression is detected
 * @throws RecordpipeError while iterating, after all records before the damage: `bad-magic`,
 *   `unexpected-part`, `ambiguous-multipart`, `truncated-header`, `truncated-record`,
 *   `record-too-large`, `missing-padding` (`strictPadding`), `truncated-compressed-stream`,
 *   `corrupt-compressed-stream`, `trailing-garbage`, `not-found`, `access-denied`, `io-failure`,
 *   `unsupported-source`, `aborted`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { encodeRecordIO, readRecordIO } from 'recordpipe';
 * const file = new Blob([encodeRecordIO(new TextEncoder().encode('hello'))]);
 * for await (const record of readRecordIO(file)) console.log(new TextDecoder().decode(record)); // hello
 * ```
 */
export function readRecordIO(source: ByteSource, options?: Partial<RecordIOReadOptions>): RecordReader {
  checkOptionNames('readRecordIO', options, DEFAULT_RECORDIO_READ_OPTIONS);
  return new RecordReader((stats) => readBatches(recordIOCodec, source, options, stats));
}

/**
 * Like {@link readRecordIO}, but returns batches of up to about 1 MiB, for code that handles
 * millions of records per second. A multipart record is a separate batch.
 *
 * @throws the same errors as {@link readRecordIO}
 * @example
 * ```ts
 * import { encodeRecordIO, readRecordIOBatches } from 'recordpipe';
 * let records = 0;
 * for await (const batch of readRecordIOBatches([encodeRecordIO(new Uint8Array(10))])) records += batch.length;
 * console.log(records); // 1
 * ```
 */
export function readRecordIOBatches(source: ByteSource, options?: Partial<RecordIOReadOptions>): Batches {
  checkOptionNames('readRecordIOBatches', options, DEFAULT_RECORDIO_READ_OPTIONS);
  return readBatches(recordIOCodec, source, options);
}

/** Options for decoding RecordIO that is already in memory. */
export type RecordIODecodeOptions = DecodeOptions<RecordIOOptions>;

/**
 * Decodes the records of a whole RecordIO file in memory, one by one and synchronously. A record is
 * a view of `bytes` (of new memory if they are compressed, or if it has several parts) and stays
 * valid as long as you keep it.
 *
 * @throws the same errors as `readRecordIO`, while iterating; `closed` for a second iteration;
 *   `unsupported-source` for compressed bytes in a browser: use `readRecordIO` there
 * @example
 * ```ts
 * import { decodeRecordIO, encodeRecordIO } from 'recordpipe';
 * for (const record of decodeRecordIO(encodeRecordIO(Uint8Array.of(1, 2)))) console.log(record); // Uint8Array(2) [ 1, 2 ]
 * ```
 */
export function decodeRecordIO(
  bytes: BinaryData,
  options?: Partial<RecordIODecodeOptions>,
): Generator<Uint8Array, void, undefined> {
  return decodedRecords('decodeRecordIO', decodeBytes('decodeRecordIO', recordIOCodec, bytes, options));
}

/**
 * Like {@link decodeRecordIO}, but returns batches of up to about 1 MiB.
 *
 * @throws the same errors as {@link decodeRecordIO}
 * @example
 * ```ts
 * import { decodeRecordIOBatches, encodeRecordIO } from 'recordpipe';
 * for (const batch of decodeRecordIOBatches(encodeRecordIO(new Uint8Array(9)))) console.log(batch.length, batch.offset(0)); // 1 0
 * ```
 */
export function decodeRecordIOBatches(
  bytes: BinaryData,
  options?: Partial<RecordIODecodeOptions>,
): Generator<RecordBatch, void, undefined> {
  return decodeBytes('decodeRecordIOBatches', recordIOCodec, bytes, options);
}

/** Options for scanning RecordIO. */
export type RecordIOScanOptions = ScanOptions<RecordIOOptions>;

/**
 * Checks every record of a source and returns counts and findings. Memory use is constant (one
 * record is held if `recover` or `trailing` differs from its default). Padding is also checked,
 * because `strictPadding` is true by default.
 *
 * Damage is a finding, not an exception. The scan continues after padding that is not zero. It ends
 * at damage to a header and at a truncated record, because the position of the next record is then
 * unknown, unless `recover` is `scan`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`,
 *   `aborted`
 * @example
 * ```ts
 * import { encodeRecordIO, scanRecordIO } from 'recordpipe';
 * const { records, errors } = await scanRecordIO([encodeRecordIO(new Uint8Array(3))]);
 * console.log(records, errors.length); // 1 0
 * ```
 */
export function scanRecordIO(
  source: ByteSource,
  options?: Partial<RecordIOScanOptions>,
): Promise<RecordScan> {
  checkOptionNames('scanRecordIO', options, scanNames(DEFAULT_RECORDIO_READ_OPTIONS));
  return scanSource(recordIOCodec, source, options);
}

/**
 * Returns a pair of web streams for `pipeThrough` that decodes the bytes of a RecordIO file. Each
 * record is a view; a multipart record is a view of new memory.
 *
 * @throws the same errors as `readRecordIO`, as errors of the readable side
 * @example
 * ```ts
 * import { encodeRecordIO, recordIODecoderStream } from 'recordpipe';
 * const file = new Blob([encodeRecordIO(Uint8Array.of(7))]).stream();
 * const reader = file.pipeThrough(recordIODecoderStream()).getReader();
 * console.log((await reader.read()).value); // Uint8Array(1) [ 7 ]
 * ```
 */
export function recordIODecoderStream(options?: Partial<Omit<RecordIOReadOptions, 'reuse'>>): DecoderStream {
  return decoderStream((bytes) => readRecordIO(bytes, { ...options, reuse: false }));
}

/**
 * Returns a web stream that encodes records as RecordIO.
 *
 * @throws UsageError for invalid options; the same errors as `encodeRecordIO`, as errors of both sides
 * @example
 * ```ts
 * import { recordIOEncoderStream } from 'recordpipe';
 * const { readable, writable } = recordIOEncoderStream();
 * const writer = writable.getWriter();
 * void writer.write(Uint8Array.of(1));
 * console.log((await readable.getReader().read()).value?.length); // 12
 * ```
 */
export function recordIOEncoderStream(
  options?: Partial<RecordIOEncodeOptions>,
): TransformStream<Uint8Array, Uint8Array> {
  const complete = encodeOptionsOf('recordIOEncoderStream', options);
  return encoderStream('recordIOEncoderStream', (record) => encodeRecordIO(record, complete));
}
