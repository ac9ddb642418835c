import type { BinaryData } from '../../bytes/binary-data.ts';
import type { RecordBatch } from '../batch.ts';
import { type DecodeOptions, decodeBytes, decodedRecords } from '../decode-bytes.ts';
import { tfrecordFormat } from './tfrecord-format.ts';
import type { TFRecordReadOptions } from './tfrecord-options.ts';

/** Options of decoding bytes that are already in memory. */
export type TFRecordDecodeOptions = DecodeOptions<TFRecordReadOptions>;

/**
 * The records in `bytes`, which hold a whole TFRecord file, one by one and synchronously. Each record is a view into `bytes` (into new
 * memory where they are compressed) and valid as long as it is kept.
 *
 * @throws as `readTFRecords`, while iterating; `closed` when they are iterated a second time; `unsupported-source` for compressed bytes in a browser: use `readTFRecords` there
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
  return decodedRecords('decodeTFRecords', decodeBytes('decodeTFRecords', tfrecordFormat, bytes, options));
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
export function decodeTFRecordBatches(
  bytes: BinaryData,
  options?: Partial<TFRecordDecodeOptions>,
): Generator<RecordBatch, void, undefined> {
  return decodeBytes('decodeTFRecordBatches', tfrecordFormat, bytes, options);
}
