import { setMaxListeners } from 'node:events';
import { stat } from 'node:fs/promises';
import { checkAborted } from '../bytes/abortable.ts';
import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { fileError } from '../bytes/files/file-errors.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { expandWithNotices, type FileInputs, type Reaching } from '../check/expand-inputs.ts';
import type { FileInput, KnownFile } from '../check/file-input.ts';
import type { Format } from '../check/files-options.ts';
import { UsageError } from '../errors.ts';
import { INPUT_OPTION_NAMES, type InputOptions } from '../records/inputs/input-options.ts';
import type { ShardPlan } from './plan.ts';
import { planOf } from './plan.ts';
import { checkShards } from './shard.ts';

/** How a plan is made. Every field has a default; pass what differs. */
export interface PlanOptions extends Reaching, InputOptions {
  /** Which files are taken from folders. Default `auto`. */
  readonly format: Format;
  /** Number of shards, so that workers need not be told. 1 to 100,000. Default: undefined, the workers say. */
  readonly shards: number | undefined;
  /**
   * Files that are larger are cut into parts of about this many bytes, at the borders of records, where an index lies beside them (see `buildIndex`); others
   * stay whole. Default: undefined, none is cut.
   */
  readonly cutBytes: number | undefined;
  /** Told of each file that should have been cut and could not be, and why. */
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

/** Objects named by their addresses, of which sizes have to be asked for, at once. */
const ASKED_AT_ONCE = 32;

/**
 * Freezes what is to be done: the files that `inputs` stand for, with their sizes and ETags. Listings say so; of objects and files that are named one by one each is asked.
 * 100,000 objects take about 30 MB.
 *
 * @param inputs files, folders, patterns, `@list`: see `expandInputs`
 * @throws UsageError for standard input, which cannot be divided; for a wrong option
 * @throws RecordpipeError as `expandInputs`; `object-missing`, `not-found` for what is named and not there
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
    throw new UsageError('inputs: standard input cannot be divided among shards; name files');
  const files = await known(found, reaching);
  if (cutBytes === undefined || files.every(({ size }) => size <= cutBytes)) return planOf(files, shards);
  // Imported when wanted: start-up time counts.
  const { cutFile } = await import('./cut-file.ts');
  const cut: KnownFile[] = [];
  for (const file of files)
    for (const part of await cutFile(file, cutBytes, reaching, onUncut)) cut.push(part);
  return planOf(cut, shards);
}

async function known(
  found: readonly FileInput[],
  { objects, signal: given }: Reaching,
): Promise<KnownFile[]> {
  // One of its own: so many wait for it at once that the host would take it for a leak.
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
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  return files;
}

async function knownFile(input: FileInput, { objects, signal }: Reaching): Promise<KnownFile> {
  const { path: uri, size, etag, range } = input;
  if (size !== undefined) return { uri, size, ...(etag && { etag }), ...(range && { range }) };
  if (isObjectUri(uri)) {
    const { statObject } = await import('../storage/stat-object.ts');
    const info = await statObject(uri, { ...objects, signal });
    return { uri, size: info.size, ...(info.etag && { etag: info.etag }) };
  }
  try {
    return { uri, size: (await stat(uri)).size };
  } catch (error) {
    throw fileError(error, uri);
  }
}
