import { checkRecordOptions } from '../../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import {
  type CodecOptions,
  completeOptions,
  compressionOf,
  DEFAULT_CODEC_OPTIONS,
  extended,
} from '../codec-options.ts';
import type { FormatReading } from '../record-format.ts';
import { hasMagic, type Multipart, PART_LENGTH_END } from './layout.ts';

/** Options of RecordIO. */
export interface RecordIOOptions extends CodecOptions {
  /**
   * How to join the parts of a record. `dmlc`, the default, joins them with the magic number
   * between them, which dmlc's writer drops at each split; `concat` joins them without it, as
   * SageMaker does; `error` makes a multipart record an error. If the file turns out to be of the
   * other kind, reading fails with `ambiguous-multipart`.
   */
  readonly multipart: Multipart;
  /**
   * Whether to accept any flag at any position. If false, the default, a record consists of one
   * whole part, or of a first part, any number of middle parts, and a last part. If true, a record
   * ends with the next whole or last part, regardless of the flags before it, as in dmlc.
   */
  readonly lenientFlags: boolean;
  /**
   * Whether padding must consist of zeros, and the last record must have padding. If false, the
   * default of readers, a last record without padding is valid and counted as a warning. Scans
   * default to true.
   */
  readonly strictPadding: boolean;
}

export const DEFAULT_RECORDIO_OPTIONS: RecordIOOptions = /* @__PURE__ */ extended<
  RecordIOOptions,
  CodecOptions
>(DEFAULT_CODEC_OPTIONS, {
  multipart: 'dmlc',
  lenientFlags: false,
  strictPadding: false,
});

const CHOICES = {
  multipart: ['dmlc', 'concat', 'error'],
  lenientFlags: [false, true],
  strictPadding: [false, true],
};

export const recordIOReading: FormatReading<RecordIOOptions> = {
  name: 'recordio',
  readOptions: (given) => completeOptions(DEFAULT_RECORDIO_OPTIONS, given, CHOICES),
  scanDefaults: { strictPadding: true },
  detectCompression: (head) => (hasMagic(head) ? 'none' : compressionOf(head)),
};

/** Options for encoding records as RecordIO. */
export interface RecordIOEncodeOptions {
  /**
   * Whether to split a payload at every magic number at a multiple of four, and to drop that magic
   * number, as dmlc's writer does. The default is true, so that files can be split at any byte.
   * Pass false for readers that join parts without restoring the magic number (SageMaker), and with
   * `oversize: 'concat'`.
   */
  readonly escapeMagic: boolean;
  /**
   * How to treat a payload of 2^29 bytes or more. With `error`, the default, it is an error;
   * `concat` splits it into several parts, which only readers with `multipart: 'concat'` join, so
   * it requires `escapeMagic: false`.
   */
  readonly oversize: 'error' | 'concat';
}

const ENCODE_OPTIONS: readonly (keyof RecordIOEncodeOptions)[] = ['escapeMagic', 'oversize'];

/**
 * Returns the complete encoding options of a function that has no others.
 * @param caller name of the function, for the error
 * @throws UsageError for an invalid value, for conflicting options, and for an unknown name
 */
export function encodeOptionsOf(
  caller: string,
  given: Partial<RecordIOEncodeOptions> | undefined,
): RecordIOEncodeOptions {
  checkRecordOptions(caller, given, ENCODE_OPTIONS);
  return encodeOptions(given);
}

/**
 * Returns the complete encoding options.
 * @throws UsageError for an invalid value, and for conflicting options
 */
export function encodeOptions(given: Partial<RecordIOEncodeOptions> = {}): RecordIOEncodeOptions {
  const { oversize = 'error', escapeMagic = oversize !== 'concat' } = given;
  if (oversize !== 'error' && oversize !== 'concat')
    throw new UsageError(`oversize: expected one of error, concat, got ${String(oversize)}`);
  if (escapeMagic && oversize === 'concat')
    throw new UsageError(
      "oversize: 'concat' requires escapeMagic: false, because a reader restores the magic number between all parts or between none",
    );
  return { oversize, escapeMagic };
}

/**
 * Maximum size of a part. It is one byte less than a multiple of four, because strict dmlc readers
 * then know that no magic number belongs between the parts.
 */
export const LONGEST_PART: number = PART_LENGTH_END - 1;

/**
 * Checks the size of a payload.
 * @throws RecordpipeError `record-too-large`
 */
export function checkPayload({ length }: Uint8Array, { oversize }: RecordIOEncodeOptions): void {
  if (length > LONGEST_PART && oversize === 'error')
    throw new RecordpipeError(
      'record-too-large',
      `recordio: record too large: ${length} bytes, but a record has at most ${LONGEST_PART}; to split it into parts, pass oversize: 'concat', and read the file with multipart: 'concat'`,
    );
}
