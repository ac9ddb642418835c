import { checkOptionNames } from '../bytes/arguments.ts';
import type { BinaryData } from '../bytes/binary-data.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { RecordBatch } from '../formats/batch.ts';
import { extended } from '../formats/codec-options.ts';
import { tfrecordCodec } from '../formats/tfrecord/decoder.ts';
import { encodeTFRecord } from '../formats/tfrecord/encode.ts';
import { DEFAULT_TFRECORD_OPTIONS, type TFRecordOptions } from '../formats/tfrecord/options.ts';
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

/** Options for reading TFRecords. Every field has a default. */
export interface TFRecordReadOptions extends TFRecordOptions, SourceOptions {}

/** Default options of {@link readTFRecords}. */
export const DEFAULT_TFRECORD_READ_OPTIONS: TFRecordReadOptions = /* @__PURE__ */ extended<
  TFRecordReadOptions,
  TFRecordOptions
>(DEFAULT_TFRECORD_OPTIONS, DEFAULT_SOURCE_OPTIONS);

/**
 * Reads the records of a TFRecord file or stream one by one, as views (`Uint8Array`) of the payload
 * bytes. Both checksums of a record are verified before it is returned. The source is closed when
 * the loop ends.
 *
 * A record stays valid as long as you keep it, and keeps its chunk of `chunkBytes` in memory,
 * unless `reuse` is set.
 *
 * @param source a path, `file:` URL, descriptor or `-` (Node), bytes, Blob, Response, web or Node
 *   stream, or any (async) iterable of chunks
 * @param options see {@link TFRecordReadOptions}; by default, everything is verified, and the
 *   compression is detected
 * @throws RecordpipeError while iterating, after all valid records before the damage:
 *   `length-checksum`, `data-checksum`, `truncated-header`, `truncated-record`, `record-too-large`,
 *   `truncated-compressed-stream`, `corrupt-compressed-stream`, `trailing-garbage`, `not-found`,
 *   `access-denied`, `io-failure`, `unsupported-source`, `aborted`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { encodeTFRecord, readTFRecords } from 'recordpipe';
 * const file = new Blob([encodeTFRecord(new TextEncoder().encode('hello'))]);
 * for await (const record of readTFRecords(file)) console.log(new TextDecoder().decode(record)); // hello
 * ```
 */
export function readTFRecords(source: ByteSource, options?: Partial<TFRecordReadOptions>): RecordReader {
  checkOptionNames('readTFRecords', options, DEFAULT_TFRECORD_READ_OPTIONS);
  return new RecordReader((stats) => readBatches(tfrecordCodec, source, options, stats));
}

/**
 * Like {@link readTFRecords}, but returns batches of up to about 1 MiB, for code that handles
 * millions of records per second.
 *
 * @throws the same errors as {@link readTFRecords}
 * @example
 * ```ts
 * import { encodeTFRecord, readTFRecordBatches } from 'recordpipe';
 * let records = 0;
 * for await (const batch of readTFRecordBatches([encodeTFRecord(new Uint8Array(10))])) records += batch.length;
 * console.log(records); // 1
 * ```
 */
export function readTFRecordBatches(source: ByteSource, options?: Partial<TFRecordReadOptions>): Batches {
  checkOptionNames('readTFRecordBatches', options, DEFAULT_TFRECORD_READ_OPTIONS);
  return readBatches(tfrecordCodec, source, options);
}

/** Options for decoding TFRecords that are already in memory. */
export type TFRecordDecodeOptions = DecodeOptions<TFRecordOptions>;

/**
 * Decodes the records of a whole TFRecord file in memory, one by one and synchronously. A record is
 * a view of `bytes` (of new memory if they are compressed) and stays valid as long as you keep it.
 *
 * @throws the same errors as `readTFRecords`, while iterating; `closed` for a second iteration;
 *   `unsupported-source` for compressed bytes in a browser: use `readTFRecords` there
 * @example
 * ```ts
 * import { decodeTFRecords, encodeTFRecord } from 'recordpipe';
 * for (const record of decodeTFRecords(encodeTFRecord(Uint8Array.of(1, 2)))) console.log(record); // Uint8Array(2) [ 1, 2 ]
 * ```
 */
export function decodeTFRecords(
  bytes: BinaryData,
  options?: Partial<TFRecordDecodeOptions>,
): Generator<Uint8Array, void, undefined> {
  return decodedRecords('decodeTFRecords', decodeBytes('decodeTFRecords', tfrecordCodec, bytes, options));
}

/**
 * Like {@link decodeTFRecords}, but returns batches of up to about 1 MiB.
 *
 * @throws the same errors as {@link decodeTFRecords}
 * @example
 * ```ts
 * import { decodeTFRecordBatches, encodeTFRecord } from 'recordpipe';
 * for (const batch of decodeTFRecordBatches(encodeTFRecord(new Uint8Array(9)))) console.log(batch.length, batch.offset(0)); // 1 0
 * ```
 */
export function decodeTFRecordBatches(
  bytes: BinaryData,
  options?: Partial<TFRecordDecodeOptions>,
): Generator<RecordBatch, void, undefined> {
  return decodeBytes('decodeTFRecordBatches', tfrecordCodec, bytes, options);
}

/** Options for scanning TFRecords. */
export type TFRecordScanOptions = ScanOptions<TFRecordOptions>;

/**
 * Checks every record of a source and returns counts and findings, at several gigabytes per second.
 * Memory use is constant (one record is held if `recover`, `trailing` or `payloadCrc` differs from
 * its default).
 *
 * Damage is a finding, not an exception. The scan continues after a record with an incorrect
 * payload checksum. It ends at damage to a header and at a truncated record, because the position
 * of the next record is then unknown, unless `recover` is `scan`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`,
 *   `aborted`
 * @example
 * ```ts
 * import { encodeTFRecord, scanTFRecords } from 'recordpipe';
 * const { records, errors } = await scanTFRecords([encodeTFRecord(new Uint8Array(3))]);
 * console.log(records, errors.length); // 1 0
 * ```
 */
export function scanTFRecords(
  source: ByteSource,
  options?: Partial<TFRecordScanOptions>,
): Promise<RecordScan> {
  checkOptionNames('scanTFRecords', options, scanNames(DEFAULT_TFRECORD_READ_OPTIONS));
  return scanSource(tfrecordCodec, source, options);
}

/**
 * Returns a pair of web streams for `pipeThrough` that decodes the bytes of a TFRecord file. Each
 * record is a view.
 *
 * @throws the same errors as `readTFRecords`, as errors of the readable side
 * @example
 * ```ts
 * import { encodeTFRecord, tfrecordDecoderStream } from 'recordpipe';
 * const file = new Blob([encodeTFRecord(Uint8Array.of(7))]).stream();
 * const reader = file.pipeThrough(tfrecordDecoderStream()).getReader();
 * console.log((await reader.read()).value); // Uint8Array(1) [ 7 ]
 * ```
 */
export function tfrecordDecoderStream(options?: Partial<Omit<TFRecordReadOptions, 'reuse'>>): DecoderStream {
  return decoderStream((bytes) => readTFRecords(bytes, { ...options, reuse: false }));
}

/**
 * Returns a web stream that encodes records as TFRecord.
 *
 * @example
 * ```ts
 * import { tfrecordEncoderStream } from 'recordpipe';
 * const { readable, writable } = tfrecordEncoderStream();
 * const writer = writable.getWriter();
 * void writer.write(Uint8Array.of(1));
 * console.log((await readable.getReader().read()).value?.length); // 17
 * ```
 */
export function tfrecordEncoderStream(): TransformStream<Uint8Array, Uint8Array> {
  return encoderStream('tfrecordEncoderStream', encodeTFRecord);
}
