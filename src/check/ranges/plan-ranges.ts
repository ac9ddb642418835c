import { isItemFailure } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { type AnyOptions, certainFormat, recordFormat } from '../../formats/registry.ts';
import { identifySource } from '../../records/identify-source.ts';
import { type RangePlan, rangePlan } from '../../records/workers/range-plan.ts';
import { type ObjectRanges, shareOfRanges } from '../../records/workers/share-ranges.ts';
import { isRemote } from '../../storage/registry.ts';
import type { FileTask } from '../file-checker.ts';
import { checkFrozen, type FileInput, objectOf, storedBytes } from '../file-input.ts';
import { withHead } from '../size-objects.ts';

/** How to check a file in ranges. */
export interface FilePlan {
  readonly format: FormatName;
  readonly ranges: RangePlan;
  /** How to read an object; undefined for a local file. */
  readonly remote?: ObjectRanges | undefined;
}

/** Not used for regular files, from which only the first bytes are read. */
const CHUNK_BYTES = 64 * 1024;
/**
 * Fraction of the work of one job. A file that takes less than this is not divided, because other
 * files keep the other threads busy.
 */
const SMALL_PART = 1 / 4;

/**
 * Returns the plans of the files to divide into ranges that several threads check: large
 * uncompressed files of a format whose records can be found, if there are not enough other files.
 */
export async function planRanges(
  inputs: readonly FileInput[],
  task: FileTask,
  jobs: number,
  signal?: AbortSignal | undefined,
): Promise<ReadonlyMap<number, FilePlan>> {
  const plans = new Map<number, FilePlan>();
  if (jobs < 2) return plans;
  const sizes = inputs.map((input) => (input.range === undefined ? storedBytes(input) : 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  for (const [index, size] of sizes.entries()) {
    const ranges = rangePlan(size, jobs);
    if (ranges === undefined || size < (total / jobs) * SMALL_PART) continue;
    const input = inputs[index];
    const remote = isRemote(input.path)
      ? shareOfRanges(objectOf(input), task.reading.objects, jobs)
      : undefined;
    if (remote === undefined && isRemote(input.path)) continue;
    const format = await formatOf(input, task, signal);
    if (format !== undefined) plans.set(index, { format, ranges, remote });
  }
  return plans;
}

/** Returns the format of a file that can be divided, and undefined for other files. */
async function formatOf(
  input: FileInput,
  task: FileTask,
  signal: AbortSignal | undefined,
): Promise<FormatName | undefined> {
  const { path } = input;
  if (path === '-') return undefined;
  try {
    checkFrozen(input);
    const name = isRemote(path) ? await formatOfObject(input, task, signal) : await formatOfFile(path, task);
    if (name === undefined) return undefined;
    const { boundaryFinder, readOptions } = recordFormat(name);
    const finder = await boundaryFinder?.(readOptions(task.reading as Partial<AnyOptions>));
    return finder && name;
  } catch (error) {
    // Checking the file reports the error.
    if (isItemFailure(error)) return undefined;
    throw error;
  }
}

async function formatOfFile(path: string, { reading, blocking }: FileTask): Promise<FormatName | undefined> {
  const { format = 'auto', compression = 'auto' } = reading;
  const { format: name, compression: found } = await identifySource(path, {
    format: format === 'auto' ? format : recordFormat(format),
    compression,
    chunkBytes: CHUNK_BYTES,
    blocking,
    uri: path,
    objects: undefined,
    signal: undefined,
  });
  return found === 'none' ? name : undefined;
}

/** Inspects the first bytes of an object. Formats that need more of them are not divided. */
async function formatOfObject(
  input: FileInput,
  { reading }: FileTask,
  signal: AbortSignal | undefined,
): Promise<FormatName | undefined> {
  const { format = 'auto', compression = 'auto', objects } = reading;
  if (compression === 'gzip' || compression === 'zlib') return undefined;
  const { head } = await withHead(input, objects, signal);
  const name = format === 'auto' ? certainFormat(head) : format;
  if (name === undefined || compression === 'none') return name;
  return recordFormat(name).detectCompression(head) === 'none' ? name : undefined;
}
