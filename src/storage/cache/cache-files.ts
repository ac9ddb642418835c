import { type Dirent, lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CHUNK_NAME, remove } from './chunk-file.ts';

/** Number of removed files, and of their bytes. */
export interface Removed {
  /** Number of files that were removed. */
  readonly files: number;
  /** Total size of the removed files, in bytes. */
  readonly bytes: number;
}

/** Returns the folder of the cache files. Its name has the version of their format. */
export function cacheRoot(dir: string): string {
  return join(dir, 'recordpipe-cache-1');
}

/** A file of the cache. */
export interface CacheFile {
  readonly path: string;
  readonly size: number;
  /** Time of last use, in milliseconds since 1970. */
  readonly usedAt: number;
}

/**
 * Returns all files of the cache, including those of unfinished writes. Other files and links
 * are ignored.
 * @throws errors of `node:fs` except for a missing folder
 */
export async function cacheFiles(root: string): Promise<CacheFile[]> {
  const files: CacheFile[] = [];
  for (const folder of await entriesIn(root)) {
    if (!(folder.isDirectory() && /^[0-9a-f]{2}$/.test(folder.name))) continue;
    for (const { name } of await entriesIn(join(root, folder.name))) {
      if (!CHUNK_NAME.test(name)) continue;
      const path = join(root, folder.name, name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isFile()) files.push({ path, size: stat.size, usedAt: stat.mtimeMs });
    }
  }
  return files;
}

async function entriesIn(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Removes the files that have not been used for the longest time. A reader that has opened a file
 * keeps its bytes.
 * @param bytes minimum number of bytes to remove
 * @returns the files that no longer exist
 */
export function removeOldest(files: CacheFile[], bytes: number): Removed {
  const removed = { files: 0, bytes: 0 };
  files.sort((a, b) => a.usedAt - b.usedAt);
  for (const { path, size } of files) {
    if (removed.bytes >= bytes) break;
    if (!remove(path) && lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    removed.files += 1;
    removed.bytes += size;
  }
  return removed;
}
