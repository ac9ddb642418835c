import { wantsKernel } from '../../bytes/kernel-memory.ts';
import { isItemFailure } from '../../errors.ts';
import { packError } from './serve-jobs.ts';

/** The position and number of a record. */
export interface RecordStart {
  readonly offset: number;
  readonly record: number;
}

/** How a file is divided into ranges: at the multiples of `rangeBytes`. */
export interface RangePlan {
  /** Size of the file in bytes. */
  readonly size: number;
  /** Size of a range in bytes, a multiple of four. */
  readonly rangeBytes: number;
}

/**
 * A range to process. Records start at any position, so a range begins at the first probable record
 * start after its cut, and ends where a later range begins.
 */
export interface RangeOrder {
  readonly plan: RangePlan;
  /** Number of the cut after which the range begins, or the exact place of its first record. */
  readonly from: number | RecordStart;
  /**
   * Number of the cut after which the range ends: at the first probable record start after this cut
   * or, if there is none before the next cut, after a later cut, or at the end of the file.
   */
  readonly until: number;
}

/** The result of a range. */
export interface RangeResult {
  /** Position of the first record; -1 if no record was found to start in the range. */
  readonly start: number;
  /** Position of the end of the range. */
  readonly end: number;
  /**
   * Place of the record after the last one. At `end` if records fill the range. Records are
   * numbered from 0 if the number of the first one is unknown.
   */
  readonly next: RecordStart;
  /** Whether the result is the same as that of a scan which continues after the end. */
  readonly independent: boolean;
  /**
   * Why the range could not be read, as `packError` packs it. The result then contains nothing
   * else.
   */
  readonly failure?: unknown;
}

/**
 * Returns the result of a range, or of the failure to read it. Any other error is thrown, as is
 * that of a thread that dies, because it says nothing about the file.
 */
export async function orFailure<R extends RangeResult>(work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (error) {
    if (!isItemFailure(error)) throw error;
    const next = { offset: -1, record: 0 };
    const failed: RangeResult = { start: -1, end: -1, next, independent: false, failure: packError(error) };
    return failed as R;
  }
}

/** Limits for the sizes of ranges. Only tests change them. */
export const RANGE_LIMITS: { minBytes: number; maxBytes: number } = {
  /**
   * Minimum size of a range. Walking it takes a few milliseconds, and finding where it begins and
   * ends takes a few tenths of one.
   */
  minBytes: 16 * 1024 * 1024,
  /** Maximum size of a range. With smaller ranges, all threads end at about the same time. */
  maxBytes: 64 * 1024 * 1024,
};
/** Number of ranges per job, if their sizes are within the limits. */
const RANGES_PER_JOB = 8;
/**
 * Maximum number of ranges of a file. The result of a range stays in memory until the results of all
 * ranges before it are known.
 */
const MAX_RANGES = 4096;

/**
 * Returns how to divide a file among several jobs. Returns undefined if it is too small, and
 * without the WebAssembly kernel, because searching for records would then take longer than it
 * saves.
 */
export function rangePlan(size: number, jobs: number): RangePlan | undefined {
  const { minBytes, maxBytes } = RANGE_LIMITS;
  if (jobs < 2 || size < 2 * minBytes || !wantsKernel()) return undefined;
  const target = Math.min(maxBytes, Math.max(minBytes, size / (jobs * RANGES_PER_JOB)));
  return { size, rangeBytes: 4 * Math.ceil(Math.max(target, size / MAX_RANGES) / 4) };
}
