import type { FormatName } from '../../formats/names/index.ts';
import type { RangeScan } from '../../records/scan-source.ts';
import type { RangeOrder, RangeResult } from '../../records/workers/range-plan.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import type { FileInput } from '../file-input.ts';
import type { LookedRecords } from '../look-inside.ts';

/** A range of a file to check. It can be sent to a worker thread. */
export interface CheckOrder extends RangeOrder {
  readonly input: FileInput;
  /** Format of the file, which is not compressed. */
  readonly format: FormatName;
  /** How to read an object: with its share of the memory and requests. */
  readonly objects?: Partial<ObjectOptions> | undefined;
}

/** The result of checking a range. */
export interface CheckedRange extends RangeResult {
  readonly scan: RangeCounts;
  /** What was found in the records, if they were examined. */
  readonly looked?: LookedRecords | undefined;
}

/** The counts and findings of a range, without what all ranges of a file have in common. */
export interface RangeCounts
  extends Pick<
    RangeScan,
    'records' | 'payloadBytes' | 'errorCount' | 'trailingBytes' | 'warnings' | 'stoppedAt'
  > {
  /** The listed findings, as `packError` packs them. */
  readonly errors: readonly unknown[];
}
