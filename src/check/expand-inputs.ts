import { typeName } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { expand } from '../records/inputs/expand.ts';
import type { ExpandOptions, InputNotice, InputOptions } from '../records/inputs/input-options.ts';
import { compareKeys } from '../storage/object-address.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { type FileInput, frozenInput, type KnownFile } from './file-input.ts';
import type { Format } from './files-options.ts';

/**
 * The files that `inputs` stand for, sorted by their UTF-8 bytes, each once. An input is one of:
 *
 * - a path or `file:` URL of a file, whether or not it exists and whatever its name;
 * - a folder: the files of the format in it and its subfolders, chosen by name: TFRecord
 *   (`*.tfrecord`, `*.tfrecords`, `*.tfrec`, `*.tfr`, `*.record`, TensorBoard's `*tfevents.*`),
 *   RecordIO (`*.rec`, `*.recordio`, `*.rio`), or both with `auto`; with `textline`, text (`*.txt`,
 *   `*.text`, `*.jsonl`, `*.ndjson`, `*.csv`, `*.tsv`, `*.manifest`); shards (`*-00000-of-00012`)
 *   with or without such an extension; each also compressed. If a name does not say, the first
 *   bytes of the file do. Everything else is skipped, and `onNotice` is called with the files and
 *   the reason. Symbolic links are followed;
 * - a pattern, unless a file has exactly that name: the matching files, whatever their names,
 *   without hidden ones. `*` and `?` do not match a slash, `**` matches any number of folders,
 *   `[a-z]` and `[!a-z]` one character, `{a,b}` either alternative. All other characters, such as
 *   parentheses, are literal;
 * - `s3://bucket/key`: an object, whether or not it exists. If the key ends with a slash, or has no
 *   extension and no such object exists: all objects below that prefix, chosen as in folders. Of
 *   objects with unknown names, one per kind of name is inspected, up to 32. A pattern: the objects
 *   whose keys match;
 * - `@list`: a file or object (`@s3://…`) with one input per line, or separated by null bytes if it
 *   contains any (`find -print0`). `@-` reads the list from standard input. Blank lines are skipped,
 *   and each list is read once;
 * - `-`: standard input.
 *
 * Write a name that begins with `@` as `./@name`. A {@link KnownFile} is used as it is.
 *
 * @param format the format to choose in folders. Default `auto`
 * @param options access to objects, and which files to choose
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
  const { files } = await expandWithNotices(inputs, format, options);
  return files.map(({ path }) => path);
}

/** The inputs of a run over many files: see {@link expandInputs}. */
export type FileInputs = string | readonly (string | KnownFile)[];

/** Access to objects, and what ends the work. Every field has a default; pass what differs. */
export interface Reaching {
  /** Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`. */
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files that inputs stand for, with what listings say about objects, and what is unusual about
 * the inputs.
 */
export interface ExpandedInputs {
  readonly files: readonly FileInput[];
  readonly notices: readonly InputNotice[];
}

/** As {@link expandInputs}, with what is known about each file. */
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
    const notice: InputNotice = { code: 'no-files', message: 'there are no inputs, so nothing was checked' };
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
