import { checkWhole, completeOptions, DEFAULT_READ_OPTIONS, type ReadOptions } from '../read-options.ts';

/** How TFRecords are read. Every field has a default; pass what differs. */
export interface TFRecordReadOptions extends ReadOptions {
  /** Which checksums are verified: `full` (default) length and payload, `length` the 12-byte headers only, `off` none. */
  readonly checksum: 'full' | 'length' | 'off';
  /**
   * What the payload checksum may be. Default `crc32c`. `smdebug` also accepts the constant that SageMaker's debugger writes when told
   * to write no checksums.
   */
  readonly payloadCrc: 'crc32c' | 'smdebug';
  /** How many records in a row with a wrong payload checksum are skipped before one is an error. Default 0. */
  readonly maxCorruptedRecordsToSkip: number;
}

export const DEFAULT_TFRECORD_READ_OPTIONS: TFRecordReadOptions = Object.freeze({
  ...DEFAULT_READ_OPTIONS,
  checksum: 'full',
  payloadCrc: 'crc32c',
  maxCorruptedRecordsToSkip: 0,
});

const CHOICES = {
  checksum: ['full', 'length', 'off'],
  payloadCrc: ['crc32c', 'smdebug'],
};

/**
 * The complete options, checked.
 * @throws UsageError for a value that no option has
 */
export function tfrecordReadOptions(given: Partial<TFRecordReadOptions> | undefined): TFRecordReadOptions {
  const options = completeOptions(DEFAULT_TFRECORD_READ_OPTIONS, given, CHOICES);
  checkWhole('maxCorruptedRecordsToSkip', options.maxCorruptedRecordsToSkip, 0, Number.POSITIVE_INFINITY);
  return options;
}
