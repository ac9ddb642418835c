import type { Dirent } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { checkAborted } from '../../bytes/abortable.ts';
import { fileError } from './file-errors.ts';

/** A file, or anything else that is not a folder. */
export interface WalkedFile {
  /** The folder as it was given, and the path below it. */
  readonly path: string;
  readonly name: string;
  /** Whether it is a regular file, or a link without a target, which reading reports. */
  readonly regular: boolean;
}

/** How a folder is walked. */
export interface Walk {
  /** Whether a folder is read. @param path with a slash at its end */
  enter(path: string, name: string): boolean;
  /** Called with folders that may not be read. Without it they are an error: what is not found must not count as checked. */
  readonly onDenied?: ((path: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Entries read from a folder at a time. */
const BUFFERED_ENTRIES = 1024;

/**
 * All files in a folder and below it, in no order, in memory that does not grow with it. Links are followed, but never to
 * a folder that contains them: its files would be read twice.
 *
 * @param folder with a slash at its end, or nothing for the current one
 * @param linked real paths of the folders whose links lead here
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `aborted`
 */
export async function* walkFolder(
  folder: string,
  walk: Walk,
  linked: readonly string[] = [],
): AsyncGenerator<WalkedFile, void, undefined> {
  const here = folder === '' ? '.' : folder;
  const folders: string[] = [];
  const links: string[] = [];
  try {
    for await (const entry of await opendir(here, { bufferSize: BUFFERED_ENTRIES })) {
      checkAborted(walk.signal);
      const { name } = entry;
      const path = folder + name;
      const isLink = entry.isSymbolicLink();
      const kind = isLink ? await targetOf(path, entry) : entry;
      if (kind.isDirectory()) {
        if (walk.enter(`${path}/`, name)) (isLink ? links : folders).push(`${path}/`);
      } else yield { path, name, regular: kind.isFile() || kind.isSymbolicLink() };
    }
  } catch (error) {
    const failure = fileError(error, here);
    if (failure.code !== 'access-denied' || walk.onDenied === undefined) throw failure;
    walk.onDenied(folder);
  }
  for (const one of folders) yield* walkFolder(one, walk, linked);
  // Without links, no path is resolved.
  if (links.length === 0) return;
  const way = [...linked, await realpath(here)];
  for (const link of links) {
    const target = await realpath(link).catch(() => link);
    if (!way.some((path) => contains(target, path))) yield* walkFolder(link, walk, way);
  }
}

/** Whether a real path is that of the folder, or of something below it. */
function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function targetOf(
  path: string,
  entry: Dirent,
): Promise<Pick<Dirent, 'isDirectory' | 'isFile' | 'isSymbolicLink'>> {
  try {
    return await stat(path);
  } catch {
    return entry;
  }
}
