import { setMaxListeners } from 'node:events';
import { checkAborted } from '../bytes/abortable.ts';
import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { expandWithNotices, type FileInputs, type Reaching } from '../check/expand-inputs.ts';
import type { FileInput, KnownFile } from '../check/file-input.ts';
import type { Format } from '../check/files-options.ts';
import { isRecordpipeError, UsageError } from '../errors.ts';
import { INPUT_OPTION_NAMES, type InputOptions } from '../records/inputs/input-options.ts';
import { statObject } from '../storage/inspect.ts';
import { isRemote } from '../storage/registry.ts';
import type { ShardPlan } from './plan.ts';
import { planOf } from './plan.ts';
import { checkShards } from './shard.ts';

/** Options of {@link planShards}. Every field has a default. */
export interface PlanOptions extends Reaching, InputOptions {
  /** Format of the files to list in folders. Default `auto`. */
  readonly format: Format;
  /**
   * Number of shards, 1 to 100,000. If set, workers do not need to specify it. Default: undefined;
   * each worker specifies it.
   */
  readonly shards: number | undefined;
  /**
   * Target part size, in bytes. Larger files that have an index (see `buildIndex`) are divided at
   * record boundaries into parts of about this size. Default: undefined; files are not divided.
   */
  readonly cutBytes: number | undefined;
  /** Called for each larger file that cannot be divided, with the reason. */
  readonly onUncut: ((uri: string, why: Error) => void) | undefined;
}

const NAMES: OptionNames<PlanOptions> = {
  ...INPUT_OPTION_NAMES,
  format: true,
  shards: true,
  cutBytes: true,
  onUncut: true,
  objects: true,
  signal: true,
};

/** Number of concurrent requests for the sizes of objects specified by address. */
const PARALLEL_REQUESTS = 32;

/**
 * Creates a plan: a fixed list of the files that `inputs` match, with their sizes and ETags.
 * Listings provide these; files and objects specified individually take one request each. A plan of
 * 100,000 objects uses about 30 MB of memory.
 *
 * @param inputs files, folders, patterns, `@list`: see `expandInputs`
 * @throws UsageError for standard input, which cannot be divided; for an invalid option
 * @throws RecordpipeError the same errors as `expandInputs`; `object-missing`, `not-found` for a
 *   file specified by name that does not exist
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { assign, planShards } from 'recordpipe/scale';
 * for (const [name, size] of [['a', 3], ['b', 2], ['c', 1]] as const) writeFileSync(`${name}.tfrecord`, 'x'.repeat(size));
 * const plan = await planShards(['a.tfrecord', 'b.tfrecord', 'c.tfrecord']);
 * console.log(assign(plan, 2).map((files) => files.map(({ uri }) => uri)));
 * // [ [ 'a.tfrecord' ], [ 'b.tfrecord', 'c.tfrecord' ] ]
 * ```
 */
export async function planShards(inputs: FileInputs, options: Partial<PlanOptions> = {}): Promise<ShardPlan> {
  checkOptionNames('planShards', options, NAMES);
  const { format, shards, cutBytes, onUncut, objects, signal } = options;
  if (shards !== undefined) checkShards(shards);
  if (cutBytes !== undefined && !(Number.isSafeInteger(cutBytes) && cutBytes >= 1))
    throw new UsageError(`cutBytes: expected an integer >= 1, got ${cutBytes}`);
  const reaching = { objects, signal };
  const { include, exclude, strictShards, onNotice } = options;
  const selecting = { include, exclude, strictShards, onNotice };
  const { files: found } = await expandWithNotices(inputs, format, { ...reaching, ...selecting });
  if (found.some(({ path }) => path === '-'))
    throw new UsageError('inputs: standard input cannot be divided among shards; pass files instead');
  const files = await known(found, reaching);
  if (cutBytes === undefined || files.every(({ size }) => size <= cutBytes)) return planOf(files, shards);
  const cut: KnownFile[] = [];
  for (const file of files)
    for (const part of await cutFile(file, cutBytes, reaching, onUncut)) cut.push(part);
  return planOf(cut, shards);
}

async function known(
  found: readonly FileInput[],
  { objects, signal: given }: Reaching,
): Promise<KnownFile[]> {
  // Derive a signal to avoid Node's leak warning about many listeners.
  const signal = given && AbortSignal.any([given]);
  if (signal !== undefined) setMaxListeners(0, signal);
  const reaching = { objects, signal };
  const files = new Array<KnownFile>(found.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < found.length; i = next++) {
      checkAborted(reaching.signal);
      files[i] = await knownFile(found[i], reaching);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, work));
  return files;
}

async function knownFile(input: FileInput, { objects, signal }: Reaching): Promise<KnownFile> {
  const { path: uri, size, etag, range } = input;
  if (size !== undefined) return { uri, size, ...(etag && { etag }), ...(range && { range }) };
  const info = await statObject(uri, { ...objects, signal });
  // Omit the ETag of a local file, which is valid only on one machine.
  return { uri, size: info.size, ...(info.etag && isRemote(uri) && { etag: info.etag }) };
}

/** An index of record boundaries. */
interface Borders {
  readonly length: number;
  offset(record: number): number;
}

/** Error codes that mean that a file has no valid index. */
const NO_INDEX = [
  'not-found',
  'object-missing',
  'malformed-index',
  'index-mismatch',
  'unsupported-source',
] as const;

/**
 * Divides a file into parts of about `cutBytes` if it has a valid index. Otherwise returns the
 * whole file.
 */
async function cutFile(
  file: KnownFile,
  cutBytes: number,
  { objects, signal }: Reaching,
  onUncut: ((uri: string, why: Error) => void) | undefined,
): Promise<KnownFile[]> {
  const { uri, size, range } = file;
  if (size <= cutBytes || range !== undefined) return [file];
  try {
    // Imported lazily to reduce startup time.
    const { openIndexed } = await import('../records/indexes/open-indexed.ts');
    const indexed = await openIndexed(uri, { objects, signal });
    try {
      const { format, length } = indexed;
      const borders = bordersOf(indexed, size, Math.ceil(size / cutBytes));
      return borders.slice(1).map((to, i) => {
        const from = borders[i];
        const end = to === length ? size : indexed.offset(to);
        return { ...file, range: { format, from, to, start: i === 0 ? 0 : indexed.offset(from), end } };
      });
    } finally {
      await indexed.close();
    }
  } catch (error) {
    if (!isRecordpipeError(error, ...NO_INDEX)) throw error;
    onUncut?.(uri, error);
    return [file];
  }
}

/** Returns the index of the first record of each part, followed by the number of records. */
function bordersOf(indexed: Borders, size: number, parts: number): number[] {
  const borders = [0];
  for (let part = 1; part < parts; part++) {
    const record = firstFrom(indexed, Math.floor((part * size) / parts));
    if (record > borders[borders.length - 1] && record < indexed.length) borders.push(record);
  }
  return [...borders, indexed.length];
}

/** Returns the index of the first record that begins at or after a position. */
function firstFrom(indexed: Borders, position: number): number {
  let low = 0;
  let high = indexed.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (indexed.offset(middle) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
