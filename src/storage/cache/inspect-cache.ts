import { closeSync, openSync, readSync, rmdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { fileError } from '../local/file-errors.ts';
import { compareKeys } from '../object-address.ts';
import { type CacheFile, cacheFiles, cacheRoot, type Removed, removeOldest } from './cache-files.ts';
import { parseTrailer, READ_FLAGS } from './chunk-file.ts';

/** One version of an object in the disk cache. */
export interface CachedObject {
  /** Address of the object. */
  readonly uri: string;
  /** URL of the service. Empty for AWS. */
  readonly service: string;
  /** ETag of the cached version. */
  readonly etag: string;
  /** Size of the object, in bytes. */
  readonly size: number;
  /** Number of bytes that the cached chunks occupy on disk. */
  readonly cachedBytes: number;
  /** Number of cached chunks. */
  readonly chunks: number;
  /** Time at which any cached chunk was last read or written. */
  readonly lastUsed: Date;
}

/** Contents of a disk cache. */
export interface CacheListing {
  /** Cached objects, sorted by address. */
  readonly objects: readonly CachedObject[];
  /** Total size of all files, including unfinished and unreadable files, in bytes. */
  readonly bytes: number;
  /** Number of files in the cache folder. */
  readonly files: number;
}

/** Size of the end of a file to read first. It holds almost every trailer. */
const END_BYTES = 4096;
/** Size of the largest trailer. Files of any size may have the name of a chunk. */
const MAX_TRAILER_BYTES = 64 * 1024;

/**
 * Lists the objects in a disk cache. Other processes may use it meanwhile.
 *
 * @param dir the folder of `CacheOptions`
 * @throws RecordpipeError `not-found` if the folder does not exist; `access-denied`, `io-failure`
 * @example
 * ```ts
 * import { mkdirSync } from 'node:fs';
 * import { listCache } from 'recordpipe/storage';
 * mkdirSync('cache');
 * const { objects, bytes } = await listCache('cache');
 * console.log(objects.length, bytes); // 0 0
 * ```
 */
export async function listCache(dir: string): Promise<CacheListing> {
  const files = await filesIn(dir);
  const found = new Map<string, { -readonly [K in keyof CachedObject]: CachedObject[K] }>();
  for (const file of files) {
    const described = describe(file);
    if (described === undefined) continue;
    const { service, uri, etag, size } = described;
    const key = JSON.stringify([service, uri, etag, size]);
    const object = found.get(key) ?? { ...described, cachedBytes: 0, chunks: 0, lastUsed: new Date(0) };
    object.cachedBytes += file.size;
    object.chunks += 1;
    if (file.usedAt > object.lastUsed.getTime()) object.lastUsed = new Date(Math.trunc(file.usedAt));
    found.set(key, object);
  }
  const objects = [...found.values()].sort(
    (a, b) => compareKeys(a.uri, b.uri) || compareKeys(a.service, b.service) || compareKeys(a.etag, b.etag),
  );
  return { objects, bytes: total(files), files: files.length };
}

/** Which chunks to remove from a disk cache. By default, all of them. */
export interface CacheRemoval {
  /** Removes only chunks of objects whose addresses start with this text. */
  readonly prefix?: string | undefined;
  /** Removes the least recently used chunks until these are left, in bytes. */
  readonly maxBytes?: number | undefined;
}

/**
 * Removes chunks from a disk cache. Other processes may use it meanwhile: they fetch removed chunks
 * again when they need them.
 *
 * @param dir the folder of `CacheOptions`; nothing else in it is removed
 * @returns number of files and bytes removed
 * @throws UsageError for an invalid option
 * @throws RecordpipeError `not-found` if the folder does not exist; `access-denied`, `io-failure`
 * @example
 * ```ts
 * import { mkdirSync } from 'node:fs';
 * import { removeFromCache } from 'recordpipe/storage';
 * mkdirSync('cache');
 * const { files, bytes } = await removeFromCache('cache', { prefix: 's3://bucket/train/' });
 * console.log(files, bytes); // 0 0
 * ```
 */
export async function removeFromCache(dir: string, options: CacheRemoval = {}): Promise<Removed> {
  checkOptionNames('removeFromCache', options, { prefix: '', maxBytes: 0 });
  const { prefix, maxBytes = 0 } = options;
  if (!(Number.isSafeInteger(maxBytes) && maxBytes >= 0))
    throw new UsageError(`maxBytes: expected an integer >= 0, got ${String(maxBytes)}`);
  const all = await filesIn(dir);
  const files = prefix === undefined ? all : all.filter((file) => describe(file)?.uri.startsWith(prefix));
  const removed = removeOldest(files, total(files) - maxBytes);
  removeFolders(files);
  return removed;
}

async function filesIn(dir: string): Promise<CacheFile[]> {
  try {
    // A folder without the cache's own folder is an empty cache; a missing one is probably a typo.
    await stat(dir);
    return await cacheFiles(cacheRoot(dir));
  } catch (error) {
    throw fileError(error, dir);
  }
}

function total(files: readonly CacheFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

type Described = Pick<CachedObject, 'service' | 'uri' | 'etag' | 'size'>;

/** Reads which object a file belongs to. Returns undefined for an unfinished or unreadable file. */
function describe({ path, size }: CacheFile): Described | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, READ_FLAGS);
  } catch {
    return undefined;
  }
  try {
    for (const bytes of [Math.min(size, END_BYTES), Math.min(size, MAX_TRAILER_BYTES)]) {
      const end = Buffer.alloc(bytes);
      readSync(descriptor, end, 0, bytes, size - bytes);
      const text = parseTrailer(end)?.text;
      if (text === undefined) continue;
      const { service, uri, etag, size: objectBytes } = JSON.parse(text) as Described;
      return { service, uri, etag, size: objectBytes };
    }
  } catch {
  } finally {
    closeSync(descriptor);
  }
  return undefined;
}

/** Removes empty folders. Locks depend on the root, which stays. */
function removeFolders(files: readonly CacheFile[]): void {
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) {
    try {
      rmdirSync(folder);
    } catch {
      // It still has files.
    }
  }
}
