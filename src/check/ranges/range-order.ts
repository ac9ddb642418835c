import type { FormatName } from '../../formats/names/index.ts';
import type { RangeScan } from '../../records/scan-source.ts';
import type { FileInput } from '../file-input.ts';
import type { DatasetStats } from '../stats/dataset-stats.ts';

/** The position and number of a record. */
export interface RecordStart {
  readonly offset: number;
  readonly record: number;
}

/** How a file is divided into ranges: at the multiples of `rangeBytes`. */
export interface RangePlan {
  /** Format of the file, which is not compressed. */
  readonly format: FormatName;
  /** Size of the file in bytes. */
  readonly size: number;
  readonly rangeBytes: number;
}

/**
 * A range to check. Records start at any position, so a range begins at the first probable record
 * start after its cut, and ends where a later range begins. It can be sent to a worker thread.
 */
export interface RangeOrder {
  readonly input: FileInput;
  readonly plan: RangePlan;
  /** Number of the cut after which the range begins, or the exact position and number of a record. */
  readonly from: number | RecordStart;
  /**
   * Number of the cut after which the range ends: at the first probable record start after this cut
   * or, if there is none before the next cut, after a later cut, or at the end of the file.
   */
  readonly until: number;
  /** What to do with the records. `number` only counts them. */
  readonly work: 'check' | 'number';
}

/** The result of checking a range. */
export interface RangeResult {
  /** Position of the first record; -1 if no record was found to start in the range. */
  readonly start: number;
  /** Position of the end of the range. */
  readonly end: number;
  /** Position after the last record, and its number. At `end` if the records fill the range. */
  readonly next: RecordStart;
  readonly scan: RangeCounts;
  /** Whether the result is the same as that of a scan which does not end with the range. */
  readonly independent: boolean;
  readonly stats?: DatasetStats | undefined;
}

/** The counts and findings of a range, without what all ranges of a file have in common. */
export interface RangeCounts
  extends Pick<RangeScan, 'records' | 'payloadBytes' | 'errorCount' | 'trailingBytes' | 'warnings'> {
  /** The listed findings, as `packError` packs them. */
  readonly errors: readonly unknown[];
}
