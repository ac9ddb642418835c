import { isItemFailure } from '../../errors.ts';
import { type AnyOptions, recordFormat } from '../../formats/registry.ts';
import { identifySource } from '../../records/identify-source.ts';
import { isRemote } from '../../storage/registry.ts';
import type { FileTask } from '../file-checker.ts';
import { checkFrozen, type FileInput, storedBytes } from '../file-input.ts';
import type { RangePlan } from './range-order.ts';

/** Limits for the sizes of ranges. Only tests change them. */
export const RANGE_LIMITS: { minBytes: number; maxBytes: number } = {
  /**
   * Minimum size of a range. Checking it takes a few milliseconds, and finding where it begins and
   * ends takes a few tenths of one.
   */
  minBytes: 16 * 1024 * 1024,
  /** Maximum size of a range. With smaller ranges, all threads end at about the same time. */
  maxBytes: 64 * 1024 * 1024,
};
/** Number of ranges per job of a file that is not larger than the limits allow. */
const RANGES_PER_JOB = 8;
/** Maximum number of ranges of a file, whose results are kept until those before them are known. */
const MAX_RANGES = 4096;
/**
 * Fraction of the work of one job. A file that takes less than this is not divided, because other
 * files keep the other threads busy.
 */
const SMALL_PART = 1 / 4;

/**
 * Returns the plans of the files whose ranges to check on several threads: large uncompressed files
 * of a format whose records can be found, if there are not enough other files.
 */
export async function planRanges(
  inputs: readonly FileInput[],
  task: FileTask,
  jobs: number,
): Promise<ReadonlyMap<number, RangePlan>> {
  const plans = new Map<number, RangePlan>();
  if (jobs < 2 || task.look?.schema !== undefined) return plans;
  const sizes = inputs.map((input) => (input.range === undefined ? storedBytes(input) : 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const { minBytes, maxBytes } = RANGE_LIMITS;
  for (const [index, size] of sizes.entries()) {
    if (size < Math.max(2 * minBytes, (total / jobs) * SMALL_PART)) continue;
    const format = await formatOf(inputs[index], task);
    if (format === undefined) continue;
    const target = Math.min(maxBytes, Math.max(minBytes, size / (jobs * RANGES_PER_JOB)));
    const rangeBytes = Math.max(target, size / MAX_RANGES);
    // A multiple of four, because parts of RecordIO begin at such positions.
    plans.set(index, { format, size, rangeBytes: 4 * Math.ceil(rangeBytes / 4) });
  }
  return plans;
}

/** Returns the format of a file that can be divided, and undefined for other files. */
async function formatOf(
  input: FileInput,
  { reading, blocking }: FileTask,
): Promise<RangePlan['format'] | undefined> {
  const { path } = input;
  const { format = 'auto', compression = 'auto' } = reading;
  if (path === '-' || isRemote(path)) return undefined;
  try {
    checkFrozen(input);
    const known = format === 'auto' ? format : recordFormat(format);
    const found = await identifySource(path, {
      format: known,
      compression,
      chunkBytes: RANGE_LIMITS.minBytes,
      blocking,
      uri: path,
      objects: undefined,
      signal: undefined,
    });
    if (found.compression !== 'none') return undefined;
    const { boundaryFinder, readOptions } = recordFormat(found.format);
    const finder = await boundaryFinder?.(readOptions(reading as Partial<AnyOptions>));
    return finder && found.format;
  } catch (error) {
    // Checking the file reports the error.
    if (isItemFailure(error)) return undefined;
    throw error;
  }
}
