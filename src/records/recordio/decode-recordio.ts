import type { BinaryData } from '../../bytes/binary-data.ts';
import type { RecordBatch } from '../batch.ts';
import { type DecodeOptions, decodeBytes, decodedRecords } from '../decode-bytes.ts';
import { recordIOFormat } from './recordio-format.ts';
import type { RecordIOReadOptions } from './recordio-options.ts';

/** Options of decoding bytes that are already in memory. */
export type RecordIODecodeOptions = DecodeOptions<RecordIOReadOptions>;

/**
 * The records in `bytes`, which hold a whole RecordIO file, one by one and synchronously. Each record is a view into `bytes` (into new
 * memory where they are compressed, or where it has several parts) and valid as long as it is kept.
 *
 * @throws as `readRecordIO`, while iterating; `closed` when they are iterated a second time; `unsupported-source` for compressed bytes in a browser: use `readRecordIO` there
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
  return decodedRecords('decodeRecordIO', decodeBytes('decodeRecordIO', recordIOFormat, bytes, options));
}

/**
 * The same records in batches of up to about 1 MiB.
 *
 * @throws as {@link decodeRecordIO}
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
  return decodeBytes('decodeRecordIOBatches', recordIOFormat, bytes, options);
}
