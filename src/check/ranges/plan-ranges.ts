import { isItemFailure } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { type AnyOptions, recordFormat } from '../../formats/registry.ts';
import { identifySource } from '../../records/identify-source.ts';
import { type RangePlan, rangePlan } from '../../records/workers/range-plan.ts';
import { isRemote } from '../../storage/registry.ts';
import type { FileTask } from '../file-checker.ts';
import { checkFrozen, type FileInput, storedBytes } from '../file-input.ts';

/** How to check a file in ranges. */
export interface FilePlan {
  readonly format: FormatName;
  readonly ranges: RangePlan;
}

/** Not used for regular files, from which only the first bytes are read. */
const CHUNK_BYTES = 64 * 1024;
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
): Promise<ReadonlyMap<number, FilePlan>> {
  const plans = new Map<number, FilePlan>();
  if (jobs < 2) return plans;
  const sizes = inputs.map((input) => (input.range === undefined ? storedBytes(input) : 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  for (const [index, size] of sizes.entries()) {
    const ranges = rangePlan(size, jobs);
    if (ranges === undefined || size < (total / jobs) * SMALL_PART) continue;
    const format = await formatOf(inputs[index], task);
    if (format !== undefined) plans.set(index, { format, ranges });
  }
  return plans;
}

/** Returns the format of a file that can be divided, and undefined for other files. */
async function formatOf(input: FileInput, { reading, blocking }: FileTask): Promise<FormatName | undefined> {
  const { path } = input;
  const { format = 'auto', compression = 'auto' } = reading;
  if (path === '-' || isRemote(path)) return undefined;
  try {
    checkFrozen(input);
    const known = format === 'auto' ? format : recordFormat(format);
    const found = await identifySource(path, {
      format: known,
      compression,
      chunkBytes: CHUNK_BYTES,
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
