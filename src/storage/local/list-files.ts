import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkAborted } from '../../bytes/abortable.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { compareKeys } from '../object-address.ts';
import type { ObjectInfo, ObjectRef, ObjectStat } from '../storage.ts';
import { fileError } from './file-errors.ts';
import { withSlashes } from './local-paths.ts';

/**
 * Yields all regular files whose paths start with that of `prefix`, including those in subfolders,
 * in the order of the bytes of their paths: see Storage.list. Follows links, except to a folder
 * that contains them. Skips pipes and devices.
 *
 * @param enter whether to read a folder, given as its path with a trailing slash
 * @throws RecordpipeError `not-found` for a link whose target does not exist, `unsupported-source`
 *   for a name that is not UTF-8; skipping such files would make incomplete data appear complete
 */
export async function* listFiles(
  prefix: string,
  signal?: AbortSignal,
  enter: (folder: string) => boolean = () => true,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const path = pathOf(prefix);
  const beginning = path === '' || path.endsWith('/') ? '' : basename(path);
  const folder = path.slice(0, path.length - beginning.length);
  const walk = {
    enter: (below: string) => below.startsWith(folder + beginning) && enter(below),
    signal,
  };
  const files: string[] = [];
  try {
    for await (const batch of walkFolder(folder, walk))
      for (const { path } of batch) if (path.startsWith(folder + beginning)) files.push(path);
  } catch (error) {
    throw named(error, folder, prefix);
  }
  files.sort(compareKeys);
  for (const file of files) {
    const uri = prefix.startsWith('file://') ? pathToFileURL(file).href : file;
    try {
      yield await statFile({ uri });
    } catch (error) {
      if (!(error instanceof RecordpipeError) || !(await mayBeSkipped(file, error))) throw error;
    }
  }
}

/**
 * Adds a path to the error. For the listed folder, it is the given prefix; for a subfolder, it is
 * that folder.
 */
function named(error: unknown, folder: string, uri: string): unknown {
  if (!isRecordpipeError(error)) return error;
  if (error.code === 'aborted')
    return new RecordpipeError('aborted', 'listing was aborted', { uri }, error.cause);
  return error.uri === (folder || '.') && error.cause !== undefined ? fileError(error.cause, uri) : error;
}

/**
 * Reports whether a file that cannot be listed may be skipped: it has been deleted in the meantime,
 * or is a pipe or a device.
 */
async function mayBeSkipped(path: string, { code }: RecordpipeError): Promise<boolean> {
  if (code === 'unsupported-source') return !path.includes('\ufffd');
  if (code !== 'not-found') return false;
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink() !== true) return true;
  const text = 'the target of this link does not exist; fetch the target, or remove the link';
  throw new RecordpipeError('not-found', text, { uri: path });
}

/** Returns the path for a path or `file:` URL, with slashes between names. */
export function pathOf(uri: string): string {
  return withSlashes(uri.startsWith('file://') ? fileURLToPath(uri) : uri);
}

/** Returns the properties of a file. See Storage.stat. */
export async function statFile({ uri }: ObjectRef): Promise<ObjectStat> {
  try {
    return { ...infoOf(uri, await stat(pathOf(uri), { bigint: true })), checksums: [], metadata: {} };
  } catch (error) {
    throw fileError(error, uri);
  }
}

/**
 * Returns the description of a file, as in a listing.
 * @throws RecordpipeError `unsupported-source` unless it is a regular file
 */
export function infoOf(uri: string, stat: BigIntStats): ObjectInfo {
  if (!stat.isFile())
    throw new RecordpipeError(
      'unsupported-source',
      stat.isDirectory() ? 'is a directory; specify the files in it' : 'is not a regular file',
      { uri },
    );
  return { uri, size: Number(stat.size), etag: stateOf(stat), modified: stat.mtime };
}

/**
 * Returns a token that changes whenever the file does, built from its identity, modification time
 * and size.
 */
function stateOf({ dev, ino, mtimeNs, size }: BigIntStats): string {
  return [dev, ino, mtimeNs, size].map((number) => number.toString(36)).join('-');
}

/** Returns the part of a file's token that a copy with the same modification time shares. */
export function fileVersion(etag: string | undefined): string | undefined {
  return etag?.split('-').slice(2).join('-');
}

/** A file, or anything else that is not a folder. */
interface WalkedFile {
  /** Path of the folder as it was given, followed by the path below it. */
  readonly path: string;
  readonly name: string;
  /**
   * Whether the entry is a regular file, or a link without a target, whose error is reported on
   * reading.
   */
  readonly regular: boolean;
}

/** Options for walking a folder. */
export interface Walk {
  /** Reports whether to read a folder. @param path path with a trailing slash */
  enter(path: string, name: string): boolean;
  /**
   * Called for each folder without read permission. If undefined, such folders are errors, because
   * their files would otherwise go unchecked.
   */
  readonly onDenied?: ((path: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Maximum number of entries to read from a folder at a time. */
const BUFFERED_ENTRIES = 1024;
/** In Deno, `read` and `readSync` each return all entries, so that mixing them returns each twice. */
const ONE_WAY = 'Deno' in globalThis;

/**
 * Yields batches of all files in a folder and its subfolders, in no particular order. Memory does
 * not grow with the folder. Follows links, but never to a folder that contains them, because its
 * files would be read twice.
 *
 * @param folder path with a trailing slash, or an empty string for the current folder
 * @param linked real paths of the folders whose links lead here
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `aborted`
 */
export async function* walkFolder(
  folder: string,
  walk: Walk,
  linked: readonly string[] = [],
): AsyncGenerator<readonly WalkedFile[], void, undefined> {
  const here = folder === '' ? '.' : folder;
  const folders: string[] = [];
  const links: string[] = [];
  try {
    for await (const entries of batchesOf(here)) {
      checkAborted(walk.signal);
      const files: WalkedFile[] = [];
      for (const entry of entries) {
        const { name } = entry;
        const path = folder + name;
        const isLink = entry.isSymbolicLink();
        const kind = isLink ? await targetOf(path, entry) : entry;
        if (kind.isDirectory()) {
          if (walk.enter(`${path}/`, name)) (isLink ? links : folders).push(`${path}/`);
        } else files.push({ path, name, regular: kind.isFile() || kind.isSymbolicLink() });
      }
      yield files;
    }
  } catch (error) {
    const failure = fileError(error, here);
    if (failure.code !== 'access-denied' || walk.onDenied === undefined) throw failure;
    walk.onDenied(folder);
  }
  for (const one of folders) yield* walkFolder(one, walk, linked);
  // Without links, no paths need to be resolved.
  if (links.length === 0) return;
  const way = [...linked, await realpath(here)];
  for (const link of links) {
    const target = await realpath(link).catch(() => link);
    if (!way.some((path) => contains(target, path))) yield* walkFolder(link, walk, way);
  }
}

/**
 * Yields the entries of a folder in batches. The first entry of each batch is awaited; the others
 * have then been read, too.
 */
async function* batchesOf(folder: string): AsyncGenerator<Dirent[], void, undefined> {
  const dir = await opendir(folder, { bufferSize: BUFFERED_ENTRIES });
  try {
    for (let first = await dir.read(); first !== null; first = await dir.read()) {
      const batch = [first];
      while (batch.length < BUFFERED_ENTRIES) {
        const entry = ONE_WAY ? await dir.read() : dir.readSync();
        if (entry === null) break;
        batch.push(entry);
      }
      yield batch;
    }
  } finally {
    await dir.close();
  }
}

/** Reports whether a real path is the folder itself or lies below it. */
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
