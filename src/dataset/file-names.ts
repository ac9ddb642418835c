import { isObjectUri } from '../bytes/object-uri.ts';
import { UsageError } from '../errors.ts';
import type { FormatName } from '../formats/registry.ts';
import type { InputOptions } from '../records/inputs/input-options.ts';
import type { ObjectOptions } from '../storage/object-options.ts';

/**
 * Paths or `file:` URLs of files or folders, patterns, `@list`s; `s3://` addresses of objects, patterns of them, or
 * prefixes with a slash at the end: what `expandInputs` of `recordpipe/check` takes.
 */
export type FileNames = string | URL | readonly (string | URL)[];

/** How the names of files are looked up. Every field has a default. */
export interface FileNamesOptions extends Partial<InputOptions> {
  /** Which files are taken from folders and prefixes. Default `auto`. */
  readonly format?: FormatName | 'auto' | undefined;
  /** How objects are read: which service, and as whom. */
  readonly objects?: Partial<ObjectOptions> | undefined;
}

interface Naming extends FileNamesOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files that the names stand for, in the given order; those of one name sorted by the bytes of their paths.
 * @throws RecordpipeError `not-found` for a folder, pattern, prefix or list that stands for no file;
 * `incomplete-shards` with `strictShards`, after the last name
 */
export async function* filesNamed(
  names: FileNames,
  options: Naming = {},
): AsyncGenerator<string | URL, void, undefined> {
  const given: readonly (string | URL)[] =
    typeof names === 'string' || names instanceof URL ? [names] : names;
  // Imported when wanted: start-up time counts.
  const { Expansion } = await import('../records/inputs/expand.ts');
  const expansion = new Expansion(options);
  for (const name of given) {
    if (name instanceof URL && !isObjectUri(name) && name.protocol !== 'file:') yield name;
    else for await (const { path } of expansion.filesOf(name instanceof URL ? name.href : name)) yield path;
  }
  await expansion.finish();
}

/** @throws UsageError unless these can be names of files */
export function checkFileNames(names: FileNames): void {
  const given: readonly unknown[] = Array.isArray(names) ? names : [names];
  for (const name of given) {
    if (!(name instanceof URL) && (typeof name !== 'string' || name === ''))
      throw new UsageError(
        `files: expected paths, file: URLs or patterns, got ${name === '' ? 'an empty one' : typeof name}`,
      );
  }
}
