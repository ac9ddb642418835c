import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { asObjectUri, isObjectUri } from '../bytes/object-uri.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import { isRecordName } from '../files/record-names.ts';
import type { ObjectOptions } from '../objects/object-options.ts';
import type { FormatName } from '../records/record-format.ts';

/** One or several paths, `file:` URLs or glob patterns; `s3://` addresses of objects, patterns of them, or prefixes with a slash at their end. */
export type FileNames = string | URL | readonly (string | URL)[];

/** How the names of files are looked up. */
export interface FileNamesOptions {
  /** Which objects are taken from prefixes. Default `auto`. */
  readonly format?: FormatName | 'auto' | undefined;
  /** How objects are reached: which service, and as whom. */
  readonly objects?: Partial<ObjectOptions> | undefined;
}

interface Naming extends FileNamesOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Characters that a pattern gives a meaning to. */
const GLOB = /[*?]|\[.+\]|\{.+\}|[!+@]\(.+\)/;

/**
 * The files that the names stand for, in the order given; those that match a pattern sorted by the bytes of their names. A name that exists is
 * no pattern.
 * @throws RecordpipeError `not-found` for a pattern that no file matches
 */
export async function* filesNamed(
  names: FileNames,
  { format = 'auto', objects, signal }: Naming = {},
): AsyncGenerator<string | URL, void, undefined> {
  const given: readonly (string | URL)[] =
    typeof names === 'string' || names instanceof URL ? [names] : names;
  for (const name of given) {
    if (isObjectUri(name)) yield* objectsNamed(asObjectUri(name), format, { objects, signal });
    else if (name instanceof URL || !GLOB.test(name) || (await exists(name))) yield name;
    else yield* await matching(name);
  }
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

/** Objects as their listing has them: in the order of the bytes of their keys. */
async function* objectsNamed(
  uri: string,
  format: FormatName | 'auto',
  reaching: Pick<Naming, 'objects' | 'signal'>,
): AsyncGenerator<string, void, undefined> {
  const key = uri.replace(/^s3:\/\/[^/]*\/?/, '');
  const folder = key === '' || key.endsWith('/');
  if (!folder && !GLOB.test(key)) {
    yield uri;
    return;
  }
  // Imported when wanted: start-up time counts.
  const { listObjects } = await import('../objects/index.ts');
  const { objects, signal } = reaching;
  let any = false;
  for await (const { uri: found } of listObjects(uri, { ...objects, signal })) {
    if (folder && !isRecordName(found.slice(found.lastIndexOf('/') + 1), format)) continue;
    any = true;
    yield found;
  }
  if (!any)
    throw new RecordpipeError('not-found', 'no object with records has a key that begins so', { uri });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

async function matching(pattern: string): Promise<string[]> {
  const { glob } = await import('tinyglobby');
  const files = await glob(pattern, { absolute: isAbsolute(pattern), expandDirectories: false });
  if (files.length === 0)
    throw new RecordpipeError('not-found', 'no file matches this pattern', { uri: pattern });
  return files
    .map((file) => ({ file, bytes: Buffer.from(file) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ file }) => file);
}
