import type { Dirent } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { checkAborted } from '../bytes/abortable.ts';
import { fileError } from '../bytes/file-errors.ts';

/** A file, or something else that is no folder. */
export interface Entry {
  /** The folder as it was given, and what is below it. */
  readonly path: string;
  readonly name: string;
  /** Whether it is a regular file, or a link to nothing, which reading it will say. */
  readonly regular: boolean;
}

/** How a folder is walked. */
export interface Walk {
  /** Whether a folder, given as its path with a slash at the end, is read. */
  enter(path: string, name: string): boolean;
  /** Called with what may not be read; without it, that is an error: files that are not found must not count as checked. */
  readonly onDenied?: (path: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Entries read from a folder at a time. */
const BUFFERED_ENTRIES = 1024;

/**
 * All that is in a folder and below it, in no order, in memory that does not grow with it. Links are followed, to a
 * folder above them never.
 *
 * @param folder with a slash at its end, or nothing for the current one
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `aborted`
 */
export async function* walkFolder(folder: string, walk: Walk): AsyncGenerator<Entry, void, undefined> {
  yield* walkBelow(folder, walk, []);
}

async function* walkBelow(
  folder: string,
  walk: Walk,
  above: readonly string[],
): AsyncGenerator<Entry, void, undefined> {
  const here = folder === '' ? '.' : folder;
  const folders: string[] = [];
  try {
    // No path is looked up where no link can lead back: most folders have no folders.
    for await (const entry of await opendir(here, { bufferSize: BUFFERED_ENTRIES })) {
      checkAborted(walk.signal);
      const { name } = entry;
      const path = folder + name;
      const kind = entry.isSymbolicLink() ? await target(path, entry) : entry;
      if (kind.isDirectory()) {
        if (walk.enter(`${path}/`, name)) folders.push(`${path}/`);
      } else yield { path, name, regular: kind.isFile() || kind.isSymbolicLink() };
    }
  } catch (error) {
    const failure = fileError(error, here);
    if (failure.code !== 'access-denied' || walk.onDenied === undefined) throw failure;
    walk.onDenied(folder);
  }
  if (folders.length === 0) return;
  const real = await realpath(here);
  if (above.includes(real)) return;
  for (const one of folders) {
    if (!above.includes(await realpath(one).catch(() => one))) yield* walkBelow(one, walk, [...above, real]);
  }
}

async function target(
  path: string,
  entry: Dirent,
): Promise<Pick<Dirent, 'isDirectory' | 'isFile' | 'isSymbolicLink'>> {
  try {
    return await stat(path);
  } catch {
    return entry;
  }
}
