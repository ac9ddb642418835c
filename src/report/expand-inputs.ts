import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileError } from '../bytes/file-errors.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import { isGlob } from '../files/record-names.ts';
import type { ObjectOptions } from '../objects/object-options.ts';
import type { FileInput } from './file-task.ts';
import { frozenInput, type KnownFile } from './known-file.ts';
import type { Format } from './report-options.ts';

/**
 * The files that `inputs` stand for, sorted by their UTF-8 bytes, each once. An input is
 *
 * - a path or `file:` URL of a file, whether it exists or not and whatever its name;
 * - a folder: the files of the format in it and below, by name: TFRecord (`*.tfrecord`, `*.tfrecords`, `*.tfrec`, `*.tfr`, TensorBoard's
 *   `*tfevents.*`), RecordIO (`*.rec`, `*.recordio`, `*.rio`), or both with `auto`, or with `textline` text (`*.txt`, `*.text`, `*.jsonl`, `*.ndjson`,
 *   `*.csv`, `*.tsv`, `*.manifest`), shards (`*-00000-of-00012`) with or without such an extension, each also compressed; hidden files and folders are
 *   skipped, symbolic links followed;
 * - a glob pattern, where no file has that very name: the files that match, whatever their names, without hidden ones;
 * - `s3://bucket/key`: an object, whether it exists or not; with a slash at its end, or where there is no such object and the key has none of the extensions above, all
 *   objects whose keys begin so, by name, as of folders; a pattern: the objects whose keys match, where `*` stops at a slash and `**` does not;
 * - `@list`: a file or (`@s3://…`) object with one input per line or, where there is a null byte in it, per null byte (`find -print0`), `@-` the same from standard input; blank lines
 *   are skipped;
 * - `-`: standard input.
 *
 * A name that begins with `@` is written `./@name`. What is known already ({@link KnownFile}) is taken as it is.
 *
 * @param format which files are taken from folders; default `auto`
 * @param reaching how objects are reached
 * @throws RecordpipeError `not-found` for a folder, pattern or list that stands for no file; `not-found`, `access-denied`, `io-failure` for a
 * folder or list that cannot be read
 * @example
 * ```ts
 * import { expandInputs } from 'recordpipe/report';
 * console.log(await expandInputs(['b.tfrecord', 'a.tfrecord', './b.tfrecord'])); // [ 'a.tfrecord', 'b.tfrecord' ]
 * ```
 */
export async function expandInputs(
  inputs: FileInputs,
  format: Format = 'auto',
  reaching: Reaching = {},
): Promise<string[]> {
  return (await expandToFiles(inputs, format, reaching)).map(({ path }) => path);
}

/** What a run over many files is given: see {@link expandInputs}. */
export type FileInputs = string | readonly (string | KnownFile)[];

/** How objects are reached, and what ends that. Every field has a default; pass what differs. */
export interface Reaching {
  /** Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/objects`. */
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The same, with what listings say of objects. */
export async function expandToFiles(
  inputs: FileInputs,
  format: Format = 'auto',
  reaching: Reaching = {},
): Promise<FileInput[]> {
  const found = new Map<string, FileInput>();
  const expansion = { format, reaching };
  const given = typeof inputs === 'string' ? [inputs] : inputs;
  const listed = given.includes('@-');
  if (listed && given.includes('-')) throw stdinTwice();
  for (const input of given) {
    if (typeof input === 'object' && input !== null) {
      const { uri, range } = input;
      found.set(JSON.stringify([uri, range?.from]), frozenInput(input));
      continue;
    }
    for (const file of await expand(input, expansion, new Set())) {
      const { path } = file;
      const key = path === '-' || isObjectUri(path) ? path : resolve(path);
      const before = found.get(key);
      if (before === undefined || (before.size === undefined && file.size !== undefined))
        found.set(key, file);
    }
  }
  if (listed && found.has('-')) throw stdinTwice();
  return sortedByBytes([...found.values()]);
}

function stdinTwice(): UsageError {
  return new UsageError('inputs: @- and - both read standard input; use one of them');
}

interface Expansion {
  readonly format: Format;
  readonly reaching: Reaching;
}

async function expand(
  input: string,
  expansion: Expansion,
  lists: ReadonlySet<string>,
): Promise<readonly FileInput[]> {
  const { format, reaching } = expansion;
  if (typeof input !== 'string' || input === '')
    throw new UsageError(`inputs: expected a path, got ${input === '' ? 'an empty one' : typeof input}`);
  if (input === '-') return [{ path: input }];
  if (input.startsWith('@')) return expandList(input, expansion, lists);
  if (isObjectUri(input)) return (await import('./expand-objects.ts')).expandObjects(input, format, reaching);
  const path = input.startsWith('file://') ? fileURLToPath(input) : input;
  const folder = await isFolder(path);
  if (folder === undefined && isGlob(path)) return named(await expandGlob(path));
  if (folder !== true) return [{ path }];
  const { filesInFolder } = await import('./folder.ts');
  const files = await filesInFolder(path, format);
  if (files.length > 0) return named(files);
  throw new RecordpipeError('not-found', `no ${SOUGHT[format]}`, { uri: path });
}

function named(paths: readonly string[]): FileInput[] {
  return paths.map((path) => ({ path }));
}

const OTHERWISE = 'name files of other names, or use a pattern';
const SOUGHT: Record<Format, string> = {
  tfrecord: `TFRecord file in this folder (*.tfrecord, *.tfrecords, *.tfrec, *-00000-of-00012, …); ${OTHERWISE}`,
  recordio: `RecordIO file in this folder (*.rec, *.recordio, *-00000-of-00012, …); ${OTHERWISE}`,
  textline: `text file in this folder (*.txt, *.jsonl, *.csv, *-00000-of-00012, …); ${OTHERWISE}`,
  auto: `TFRecord or RecordIO file in this folder (*.tfrecord, *.rec, *-00000-of-00012, …); ${OTHERWISE}; text files are taken where the format textline is named`,
};

async function expandList(
  input: string,
  expansion: Expansion,
  lists: ReadonlySet<string>,
): Promise<FileInput[]> {
  if (lists.has(input)) throw new UsageError(`inputs: the list ${input} contains itself`);
  const text = (await listText(input, expansion.reaching)).replace(/^\ufeff/, '');
  const given = text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((line) => line !== '');
  if (given.length === 0)
    throw new RecordpipeError('not-found', 'the list of inputs is empty', { uri: input });
  const files: FileInput[] = [];
  for (const line of given) {
    for (const file of await expand(line, expansion, new Set([...lists, input]))) files.push(file);
  }
  return files;
}

async function listText(input: string, reaching: Reaching): Promise<string> {
  const path = input.slice(1);
  if (isObjectUri(path)) return (await import('./expand-objects.ts')).objectText(path, reaching);
  try {
    if (path !== '-') return await readFile(path, 'utf8');
    const { text } = await import('node:stream/consumers');
    return await text(process.stdin);
  } catch (error) {
    const failure = fileError(error, input);
    if (failure.code !== 'not-found') throw failure;
    const text = `there is no list ${path}; a file whose own name begins with @ is written ./${input}`;
    throw new RecordpipeError('not-found', text, { uri: input }, error);
  }
}

async function expandGlob(pattern: string): Promise<string[]> {
  const { glob } = await import('tinyglobby');
  const files = await glob(pattern, { absolute: isAbsolute(pattern), expandDirectories: false });
  if (files.length > 0) return files;
  throw new RecordpipeError(
    'not-found',
    'no file matches this pattern; check it, and quote it for the shell',
    {
      uri: pattern,
    },
  );
}

/** Undefined where nothing of that name exists, or can be looked at. */
async function isFolder(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return undefined;
  }
}

function sortedByBytes(files: FileInput[]): FileInput[] {
  return files
    .map((file) => ({ file, bytes: Buffer.from(file.path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes) || (a.file.range?.from ?? 0) - (b.file.range?.from ?? 0))
    .map(({ file }) => file);
}
