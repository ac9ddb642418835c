import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { RecordpipeError } from '../errors.ts';

/** One or several paths, `file:` URLs or glob patterns. */
export type FileNames = string | URL | readonly (string | URL)[];

/** Characters that a pattern gives a meaning to. */
const GLOB = /[*?]|\[.+\]|\{.+\}|[!+@]\(.+\)/;

/**
 * The files that the names stand for, in the order given; those that match a pattern sorted by the bytes of their names. A name that exists is
 * no pattern.
 * @throws RecordpipeError `not-found` for a pattern that no file matches
 */
export async function* filesNamed(names: FileNames): AsyncGenerator<string | URL, void, undefined> {
  const given: readonly (string | URL)[] =
    typeof names === 'string' || names instanceof URL ? [names] : names;
  for (const name of given) {
    if (name instanceof URL || !GLOB.test(name) || (await exists(name))) yield name;
    else yield* await matching(name);
  }
}

/** @throws TypeError unless these can be names of files */
export function checkFileNames(names: FileNames): void {
  const given: readonly unknown[] = Array.isArray(names) ? names : [names];
  for (const name of given) {
    if (!(name instanceof URL) && (typeof name !== 'string' || name === ''))
      throw new TypeError(
        `files: expected paths, file: URLs or patterns, got ${name === '' ? 'an empty one' : typeof name}`,
      );
  }
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
