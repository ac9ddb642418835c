import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { FormatName } from '../formats/names/index.ts';
import type { FileToRead } from '../records/files-in-turn.ts';
import { INPUT_OPTION_NAMES, type InputOptions } from '../records/inputs/input-options.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { isRemote } from '../storage/registry.ts';
import { openInput } from './iterables.ts';
import type { Open } from './stage.ts';

/**
 * Paths or `file:` URLs of files or directories, globs, `@list`s, and `s3://` addresses of objects,
 * globs or prefixes (with a trailing slash), as for `expandInputs` of `recordpipe/check`.
 */
export type FileNames = string | URL | readonly (string | URL)[];

/** Options for expanding names. Every field has a default. */
export interface FileNamesOptions extends Partial<InputOptions> {
  /** Format of the files to include from directories and prefixes. Default: `auto`. */
  readonly format?: FormatName | 'auto' | undefined;
  /** How to read objects: service, credentials and limits. */
  readonly objects?: Partial<ObjectOptions> | undefined;
}

const OPTIONS: OptionNames<FileNamesOptions> = { ...INPUT_OPTION_NAMES, format: 0, objects: 0 };

/**
 * Opens the files that match names. Their positions are numbers of files.
 * @throws UsageError for invalid names
 */
export function openFileNames(names: FileNames, options?: FileNamesOptions): Open<string | URL> {
  checkFileNames(names);
  checkOptionNames('files', options, OPTIONS);
  return openInput(() => pathsNamed(names, options));
}

async function* pathsNamed(names: FileNames, options?: FileNamesOptions): AsyncGenerator<string | URL> {
  for await (const { path } of filesNamed(names, options)) yield path;
}

interface Naming extends FileNamesOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields the files that match the names, and what listings say about them. Names keep their order;
 * the files of one name are sorted by the bytes of their paths.
 * @throws RecordpipeError `not-found` for a directory, glob, prefix or list without files;
 *   `incomplete-shards` with `strictShards`, after the last name
 */
export async function* filesNamed(
  names: FileNames,
  options: Naming = {},
): AsyncGenerator<FileToRead, void, undefined> {
  const given: readonly (string | URL)[] =
    typeof names === 'string' || names instanceof URL ? [names] : names;
  // Imported on demand to keep start-up fast.
  const { Expansion } = await import('../records/inputs/expand.ts');
  const expansion = new Expansion(options);
  for (const name of given) {
    if (name instanceof URL && !isRemote(name) && name.protocol !== 'file:') yield { path: name };
    else yield* expansion.filesOf(name instanceof URL ? name.href : name);
  }
  await expansion.finish();
}

/** Checks the types of file names. @throws UsageError */
export function checkFileNames(names: FileNames): void {
  const given: readonly unknown[] = Array.isArray(names) ? names : [names];
  for (const name of given) {
    if (!(name instanceof URL) && (typeof name !== 'string' || name === ''))
      throw new UsageError(
        `files: expected paths, file: URLs or patterns, got ${name === '' ? 'an empty string' : typeof name}`,
      );
  }
}
