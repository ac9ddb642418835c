import { checkOptionNames, typeName } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { expand } from '../records/inputs/expand.ts';
import {
  type ExpandOptions,
  INPUT_OPTION_NAMES,
  type InputNotice,
  type InputOptions,
} from '../records/inputs/input-options.ts';
import { compareKeys } from '../storage/object-address.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { type FileInput, frozenInput, type KnownFile } from './file-input.ts';
import type { Format } from './files-options.ts';

/**
 * Returns the files that match `inputs`, sorted by their UTF-8 bytes and without duplicates. Each
 * input is one of:
 *
 * - a path or `file:` URL of a file with any name, whether or not the file exists;
 * - a folder: all files of the format in it and its subfolders, selected by name: TFRecord
 *   (`*.tfrecord`, `*.tfrecords`, `*.tfrec`, `*.tfr`, `*.record`, TensorBoard's `*tfevents.*`),
 *   RecordIO (`*.rec`, `*.recordio`, `*.rio`), or both with `auto`; text with `textline` (`*.txt`,
 *   `*.text`, `*.jsonl`, `*.ndjson`, `*.csv`, `*.tsv`, `*.manifest`); shards (`*-00000-of-00012`)
 *   with or without such an extension; all of these also when compressed. If the name is
 *   inconclusive, the file is classified by its first bytes. Other files are skipped and reported
 *   to `onNotice` with the reason. Symbolic links are followed;
 * - a pattern, unless a file with exactly that name exists: all matching files with any name,
 *   except hidden ones. `*` and `?` do not match a slash, `**` matches any number of folders,
 *   `[a-z]` and `[!a-z]` match one character, and `{a,b}` matches either alternative. All other
 *   characters, such as parentheses, are literal;
 * - `s3://bucket/key`: an object, whether or not it exists. If the key ends with a slash, or if it
 *   has no extension and no such object exists: all objects below that prefix, selected as in
 *   folders. Among objects with unknown names, one per name shape is inspected, up to 32. A pattern
 *   selects the objects whose keys match;
 * - `@list`: a file or object (`@s3://…`) with one input per line, or with NUL-separated inputs if
 *   it contains null bytes (`find -print0`). `@-` reads the list from standard input. Blank lines
 *   are skipped, and each list is read once;
 * - `-`: standard input.
 *
 * Write a name that begins with `@` as `./@name`. A {@link KnownFile} is never expanded.
 *
 * @param format the format to select in folders. Default `auto`
 * @param options how to access objects, and which files to select
 * @throws RecordpipeError `not-found` for a folder, pattern or list that matches no file;
 *   `not-found`, `access-denied`, `io-failure` for a folder or list that cannot be read;
 *   `incomplete-shards` with `strictShards`
 * @throws UsageError for a list that contains itself
 * @example
 * ```ts
 * import { expandInputs } from 'recordpipe/check';
 * console.log(await expandInputs(['b.tfrecord', 'a.tfrecord', './b.tfrecord'])); // [ 'a.tfrecord', 'b.tfrecord' ]
 * ```
 */
export async function expandInputs(
  inputs: FileInputs,
  format: Format = 'auto',
  options: Reaching & Partial<InputOptions> = {},
): Promise<string[]> {
  checkOptionNames('expandInputs', options, { ...INPUT_OPTION_NAMES, objects: 0, signal: 0 });
  const { files } = await expandWithNotices(inputs, format, options);
  return files.map(({ path }) => path);
}

/** Inputs of a run over many files: see {@link expandInputs}. */
export type FileInputs = string | readonly (string | KnownFile)[];

/** Options for accessing objects, and a signal that aborts the work. Every field has a default. */
export interface Reaching {
  /** Options for accessing objects. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`. */
  readonly objects?: Partial<ObjectOptions> | undefined;
  /** Aborts the listing. */
  readonly signal?: AbortSignal | undefined;
}

/** Expanded inputs, with object metadata from listings, and notices about the inputs. */
export interface ExpandedInputs {
  readonly files: readonly FileInput[];
  readonly notices: readonly InputNotice[];
}

/** Like {@link expandInputs}, but also returns notices and the known metadata of each file. */
export async function expandWithNotices(
  inputs: FileInputs,
  format: Format = 'auto',
  options: Reaching & Partial<InputOptions> = {},
): Promise<ExpandedInputs> {
  const given: unknown = inputs;
  if (typeof given !== 'string' && !Array.isArray(given))
    throw new UsageError(`inputs: expected a path or an array of paths, got ${typeName(given)}`);
  const { include, exclude, strictShards, onNotice, objects, signal } = options;
  const expanding: ExpandOptions = { format, include, exclude, strictShards, onNotice, objects, signal };
  const known: FileInput[] = [];
  const names: string[] = [];
  const list = typeof inputs === 'string' ? [inputs] : inputs;
  for (const input of list) {
    if (typeof input === 'object' && input !== null) known.push(frozenInput(input));
    else names.push(input);
  }
  if (list.length === 0) {
    const notice: InputNotice = {
      code: 'no-files',
      message: 'nothing was checked, because the inputs contain no files',
    };
    onNotice?.(notice);
    return { files: [], notices: [notice] };
  }
  const found = await expand(names, expanding);
  if (known.length === 0) return found;
  const once = new Map<string, FileInput>();
  const all: readonly FileInput[] = [...known, ...found.files];
  for (const file of all) {
    const key = JSON.stringify([file.path, file.range?.from]);
    if (!once.has(key)) once.set(key, file);
  }
  return { files: [...once.values()].sort(inOrder), notices: found.notices };
}

function inOrder(a: FileInput, b: FileInput): number {
  return compareKeys(a.path, b.path) || (a.range?.from ?? 0) - (b.range?.from ?? 0);
}
