import { resolve } from 'node:path';
import { checkAborted } from '../../bytes/abortable.ts';
import { trace } from '../../bytes/trace.ts';
import { isRecordpipeError, RecordpipeError, UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { locationOf } from '../../storage/inspect.ts';
import { compareKeys } from '../../storage/object-address.ts';
import { isRemote } from '../../storage/registry.ts';
import { readText } from '../../storage/stored-source.ts';
import { type FoundFile, findFiles } from './find-files.ts';
import type { Selection } from './input-options.ts';
import { type ExpandOptions, type InputNotice, NameFilter, Skipped } from './input-options.ts';
import { compareInfos, ShardSets } from './shard-sets.ts';

export type { FoundFile } from './find-files.ts';

/** Maximum size of a list of inputs, which is read into memory. */
const MAX_LIST_BYTES = 512 * 1024 * 1024;

/** The files of a list of inputs. */
export interface Expanded {
  /** Files sorted by the UTF-8 bytes of their paths, without duplicates. */
  readonly files: readonly FoundFile[];
  readonly notices: readonly InputNotice[];
}

/**
 * Expands inputs to files, like `expandInputs` of `recordpipe/check`, and reports problems.
 *
 * @throws RecordpipeError the same errors as `expandInputs`; `incomplete-shards` with
 *   `strictShards`
 */
export async function expand(inputs: readonly string[], options: ExpandOptions): Promise<Expanded> {
  const expansion = new Expansion(options);
  const listed = inputs.includes('@-');
  if (listed && inputs.includes('-')) throw stdinTwice();
  const files: FoundFile[] = [];
  for (const input of inputs)
    for await (const batch of expansion.batchesOf(input)) for (const file of batch) files.push(file);
  if (listed && files.some(({ path }) => path === '-')) throw stdinTwice();
  const { notices, expected } = await expansion.finish();
  const sorted = sortedOnce(files, expansion.sources > 1);
  if (expected.size === 0) return { files: sorted, notices };
  const known = sorted.map((file) => {
    const expectedRecords = expected.get(file.path);
    return expectedRecords === undefined ? file : { ...file, expectedRecords };
  });
  return { files: known, notices };
}

function stdinTwice(): UsageError {
  return new UsageError('inputs: @- and - both read standard input; use only one of them');
}

/** Expands inputs one after another and collects the problems of all of them. */
export class Expansion {
  /** Number of inputs with files. Several inputs may name the same file. */
  sources = 0;
  readonly #format: FormatName | 'auto';
  readonly #options: ExpandOptions;
  readonly #filter: NameFilter;
  readonly #skipped = new Skipped();
  readonly #sets = new ShardSets();
  /** Paths of the `dataset_info.json` files found. */
  readonly #infos: string[] = [];
  /** Lists by path: true while a list is being read, false after that. */
  readonly #lists = new Map<string, boolean>();

  /** @throws UsageError for invalid patterns */
  constructor(options: ExpandOptions) {
    this.#options = options;
    this.#format = options.format ?? 'auto';
    this.#filter = new NameFilter(options);
  }

  /**
   * Yields the files of one input. The files of a folder or pattern are sorted by the bytes of
   * their paths.
   * @throws RecordpipeError `not-found` if there are no files, and the same errors as
   *   `expandInputs`
   */
  async *filesOf(input: string): AsyncGenerator<FoundFile, void, undefined> {
    for await (const batch of this.batchesOf(input)) yield* batch;
  }

  /** Like {@link filesOf}, but in batches, which takes much less time for thousands of files. */
  async *batchesOf(input: string): AsyncGenerator<readonly FoundFile[], void, undefined> {
    if (typeof input !== 'string' || input === '')
      throw new UsageError(`inputs: expected a path, got ${input === '' ? 'an empty one' : typeof input}`);
    checkAborted(this.#options.signal);
    if (input.startsWith('@')) {
      yield* this.#filesOfList(input);
      return;
    }
    this.sources++;
    if (input === '-') yield [{ path: input }];
    else yield* this.#located(input);
  }

  /**
   * Compares descriptions with the files, and calls `onNotice` for each problem.
   * @throws RecordpipeError `incomplete-shards` with `strictShards`
   */
  async finish(): Promise<{ notices: InputNotice[]; expected: ReadonlyMap<string, number> }> {
    const { strictShards, onNotice } = this.#options;
    const shards = this.#sets.notices();
    let expected: ReadonlyMap<string, number> = new Map();
    if (this.#infos.length > 0) {
      const compared = await compareInfos(this.#infos, this.#sets, this.#options);
      expected = compared.expected;
      for (const notice of compared.notices) shards.push(notice);
    }
    const notices: InputNotice[] = [...this.#skipped.notices(), ...shards];
    for (const notice of notices) onNotice?.(notice);
    if (strictShards && shards.length > 0) {
      const more = shards.length > 1 ? ` (and ${shards.length - 1} more)` : '';
      throw new RecordpipeError('incomplete-shards', `${shards[0].message}${more}`);
    }
    return { notices, expected };
  }

  async *#located(input: string): AsyncGenerator<readonly FoundFile[], void, undefined> {
    let count = 0;
    for await (const found of findFiles(locationOf(input), this.#selection(), this.#options)) {
      count += found.length;
      for (const file of found) this.#sets.add(file);
      yield found.map(({ alone: _, ...file }) => file);
    }
    trace('input', () => `${input}: ${count === 1 ? '1 file' : `${count} files`}`);
  }

  #selection(): Selection {
    return {
      format: this.#format,
      filter: this.#filter,
      skipped: this.#skipped,
      signal: this.#options.signal,
      onInfo: (path) => this.#infos.push(path),
    };
  }

  async *#filesOfList(input: string): AsyncGenerator<readonly FoundFile[], void, undefined> {
    const name = input.slice(1);
    const key = keyOf(name);
    if (this.#lists.get(key)) throw new UsageError(`inputs: the list ${input} contains itself`);
    // The result already contains the files of this list.
    if (this.#lists.has(key)) return;
    this.#lists.set(key, true);
    const text = (await this.#listText(input)).replace(/^\ufeff/, '');
    const given = text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((line) => line !== '');
    if (given.length === 0)
      throw new RecordpipeError('not-found', 'the list of inputs is empty', { uri: input });
    for (const line of given) yield* this.batchesOf(line);
    this.#lists.set(key, false);
  }

  async #listText(input: string): Promise<string> {
    const name = input.slice(1);
    try {
      return await readText(name, MAX_LIST_BYTES, this.#options);
    } catch (error) {
      if (!isRecordpipeError(error, 'not-found')) throw error;
      const text = `the list ${name} does not exist; to specify a file whose name begins with @, write ./${input}`;
      throw new RecordpipeError('not-found', text, { uri: input }, error);
    }
  }
}

/** Returns a key that identifies a file, whether its path is relative or absolute. */
function keyOf(path: string): string {
  return path === '-' || isRemote(path) ? path : resolve(path);
}

/**
 * Returns the files sorted by path, without duplicates.
 * @param repeated whether several inputs may name the same file; if so, the first name is kept
 */
function sortedOnce(files: FoundFile[], repeated: boolean): FoundFile[] {
  const once = repeated ? firstOfEach(files) : files;
  return once.sort((a, b) => compareKeys(a.path, b.path));
}

function firstOfEach(files: readonly FoundFile[]): FoundFile[] {
  const found = new Map<string, FoundFile>();
  for (const file of files) {
    const { path } = file;
    const key = keyOf(path);
    const before = found.get(key);
    if (before === undefined || (before.size === undefined && file.size !== undefined)) found.set(key, file);
  }
  return [...found.values()];
}
