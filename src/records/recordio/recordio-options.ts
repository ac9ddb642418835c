import type { Multipart } from '../../framing/recordio-layout.ts';
import { completeOptions, DEFAULT_READ_OPTIONS, type ReadOptions } from '../read-options.ts';

/** How RecordIO is read. Every field has a default; pass what differs. */
export interface RecordIOReadOptions extends ReadOptions {
  /**
   * How the parts of a record are put together. Default `dmlc`: with the magic number between them again, which dmlc's writer left out where it split;
   * `concat`: one behind the other, as SageMaker does; `error`: a record in parts is an error. A file that is proven to be of the other kind
   * is an error (`ambiguous-multipart`).
   */
  readonly multipart: Multipart;
  /**
   * Default false: a record is one whole part, or a first, any middle ones and a last. True: a record goes on to the next part that is whole or last,
   * whatever the flags before it are, as dmlc reads.
   */
  readonly lenientFlags: boolean;
  /**
   * Whether padding must be zeros, and the last record must have its padding. Default false when reading: a last record without it is whole and counted as a
   * warning. Default true in scans.
   */
  readonly strictPadding: boolean;
}

export const DEFAULT_RECORDIO_READ_OPTIONS: RecordIOReadOptions = Object.freeze({
  ...DEFAULT_READ_OPTIONS,
  multipart: 'dmlc',
  lenientFlags: false,
  strictPadding: false,
});

const CHOICES = {
  multipart: ['dmlc', 'concat', 'error'],
  lenientFlags: [false, true],
  strictPadding: [false, true],
};

/**
 * The complete options, checked.
 * @throws UsageError for a value that no option has
 */
export function recordIOReadOptions(given: Partial<RecordIOReadOptions> | undefined): RecordIOReadOptions {
  return completeOptions(DEFAULT_RECORDIO_READ_OPTIONS, given, CHOICES);
}
