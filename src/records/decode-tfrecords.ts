import { inflateBytes } from '../bytes/host-io.ts';
import type { RecordBatch } from './batch.ts';
import { detectCompression, inflateOptions, placed } from './compression.ts';
import { readOptions, type TFRecordReadOptions } from './read-options.ts';
import { TFRecordDecoder } from './tfrecord-decoder.ts';

/** Larger inputs are decoded span by span: positions in a batch have 32 bits. A record across a border is copied. */
const SPAN_BYTES = 2 ** 30;

/** Options of decoding bytes that are already in memory. */
export type TFRecordDecodeOptions = Omit<TFRecordReadOptions, 'reuse' | 'chunkBytes' | 'blocking' | 'signal'>;

/**
 * The records in `bytes`, which hold a whole TFRecord file, one by one and synchronously. Each record is a view into `bytes` (into new
 * memory where they are compressed) and valid as long as it is kept.
 *
 * @throws as `readTFRecords`, while iterating; `unsupported-source` for compressed bytes in a browser: use `readTFRecords` there
 * @example
 * ```ts
 * import { decodeTFRecords, encodeTFRecord } from 'recordpipe';
 * for (const record of decodeTFRecords(encodeTFRecord(Uint8Array.of(1, 2)))) console.log(record); // Uint8Array(2) [ 1, 2 ]
 * ```
 */
export function* decodeTFRecords(
  bytes: Uint8Array,
  options?: Partial<TFRecordDecodeOptions>,
): Generator<Uint8Array, void, undefined> {
  for (const batch of decodeTFRecordBatches(bytes, options)) yield* batch;
}

/**
 * The same records in batches of up to about 1 MiB.
 *
 * @throws as {@link decodeTFRecords}
 * @example
 * ```ts
 * import { decodeTFRecordBatches, encodeTFRecord } from 'recordpipe';
 * for (const batch of decodeTFRecordBatches(encodeTFRecord(new Uint8Array(9)))) console.log(batch.length, batch.offset(0)); // 1 0
 * ```
 */
export function* decodeTFRecordBatches(
  bytes: Uint8Array,
  options?: Partial<TFRecordDecodeOptions>,
): Generator<RecordBatch, void, undefined> {
  const complete = readOptions(options);
  const { uri } = complete;
  const compression = complete.compression === 'auto' ? detectCompression(bytes) : complete.compression;
  const { output, error } =
    compression === 'none'
      ? { output: bytes, error: undefined }
      : inflateBytes(bytes, inflateOptions(compression, complete));
  const size = error === undefined ? () => output.length : undefined;
  const decoder = new TFRecordDecoder(complete, { uri, compressed: compression !== 'none', size });
  for (let at = 0; at < output.length && !decoder.ended; at += SPAN_BYTES) {
    decoder.push(output.subarray(at, at + SPAN_BYTES));
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) yield batch;
  }
  if (error !== undefined && !decoder.ended) throw placed(error, decoder.place);
  decoder.end();
  for (let batch = decoder.next(); batch !== null; batch = decoder.next()) yield batch;
}
