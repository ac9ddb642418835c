import { checkOptionNames } from '../../bytes/option-names.ts';
import type { ByteSource } from '../../bytes/sources.ts';
import { type RecordScan, type ScanOptions, scanNames, scanSource } from '../scan-source.ts';
import { tfrecordFormat } from './tfrecord-format.ts';
import { DEFAULT_TFRECORD_READ_OPTIONS, type TFRecordReadOptions } from './tfrecord-options.ts';

/** How TFRecords are scanned. */
export type TFRecordScanOptions = ScanOptions<TFRecordReadOptions>;

/**
 * Checks every record of a source without handing out any: at several gigabytes a second, in constant memory whatever the size
 * of the file or of a record (one record is held where `recover`, `trailing` or `payloadCrc` differ from their defaults).
 *
 * Damage is a finding, not an exception: a record with a wrong payload checksum is noted and the scan goes on behind it; after damage to a
 * header, or a cut, nothing behind it can be trusted and the scan ends, unless `recover: 'scan'`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`, `aborted`
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
  return scanSource(tfrecordFormat, source, options);
}
