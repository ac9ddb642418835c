import { checkOptionNames } from '../../bytes/option-names.ts';
import type { ByteSource } from '../../bytes/sources.ts';
import { type RecordScan, type ScanOptions, scanNames, scanSource } from '../scan-source.ts';
import { recordIOFormat } from './recordio-format.ts';
import { DEFAULT_RECORDIO_READ_OPTIONS, type RecordIOReadOptions } from './recordio-options.ts';

/** How RecordIO is scanned. */
export type RecordIOScanOptions = ScanOptions<RecordIOReadOptions>;

/**
 * Checks every record of a source without handing out any, in constant memory whatever the size of the file or of a record (one record is held where
 * `recover` or `trailing` differ from their defaults). Padding is checked as well: `strictPadding` is true unless it is given.
 *
 * Damage is a finding, not an exception: padding that is not zeros is noted and the scan goes on behind it; after damage to a header, or a
 * cut, nothing behind it can be trusted and the scan ends, unless `recover: 'scan'`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`, `aborted`
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
  return scanSource(recordIOFormat, source, options);
}
