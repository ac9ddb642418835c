import type { Dirent } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { checkAborted } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { compileGlob } from '../../storage/glob.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { peekStored } from '../../storage/stored-source.ts';
import { contentKind, HEAD_BYTES } from './record-names.ts';
import {
  DATASET_INFO,
  otherContents,
  otherName,
  refusal,
  refusalByPattern,
  type Selection,
  SOUGHT,
} from './selecting.ts';

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

/**
 * The files of a format in a folder and below: by name, and where a name is unknown by contents.
 * @throws RecordpipeError `not-found` where there are none; `access-denied`, `io-failure`, `aborted`
 */
export async function filesInFolder(path: string, selection: Selection): Promise<string[]> {
  const { format, filter, skipped, signal, onInfo } = selection;
  const folder = path.endsWith('/') ? path : `${path}/`;
  const files: string[] = [];
  const enter = (below: string, name: string): boolean => {
    if (!name.startsWith('.') && name !== '_temporary') return true;
    skipped.add(path, name.startsWith('.') ? 'hidden' : 'marker', below.slice(folder.length));
    return false;
  };
  for await (const { path: file, name, regular } of walkFolder(folder, { enter, signal })) {
    const below = file.slice(folder.length);
    if (name === DATASET_INFO) onInfo(file);
    const why = refusal(below, name, selection) ?? (regular ? undefined : 'special-file');
    if (why !== undefined) skipped.add(path, why, below);
    else if (filter.including) files.push(file);
    else {
      const named = otherName(name, format);
      if (named === 'records') files.push(file);
      else if (named !== 'unknown') skipped.add(path, named.reason, below, named.detail);
      else {
        // What cannot be opened is taken: reading it says what is wrong.
        const head = peekStored(file, HEAD_BYTES)?.head;
        const is = head && otherContents(await contentKind(head), format);
        if (is === undefined) files.push(file);
        else skipped.add(path, 'other-contents', below, is);
      }
    }
  }
  if (files.length > 0) return files;
  throw new RecordpipeError('not-found', `no ${SOUGHT[format]}${skippedText(selection, path)}`, {
    uri: path,
  });
}

/**
 * The files whose paths match a pattern.
 * @throws RecordpipeError `not-found` where there are none; `access-denied`, `io-failure`, `aborted`
 */
export async function filesMatching(pattern: string, selection: Selection): Promise<string[]> {
  const { skipped, signal } = selection;
  const glob = compileGlob(pattern);
  const folder = glob.prefix.slice(0, glob.prefix.lastIndexOf('/') + 1);
  const files: string[] = [];
  const walk = {
    enter: (path: string) => glob.mayMatchBelow(path),
    onDenied: (path: string) => skipped.add(pattern, 'unreadable-folder', path),
    signal,
  };
  try {
    for await (const { path, name, regular } of walkFolder(folder, walk)) {
      if (!glob.matches(path)) continue;
      const below = path.slice(folder.length);
      const why = refusalByPattern(pattern, below, name, selection) ?? (regular ? undefined : 'special-file');
      if (why === undefined) files.push(path);
      else skipped.add(pattern, why, below);
    }
  } catch (error) {
    if (!(error instanceof RecordpipeError && error.code === 'not-found')) throw error;
  }
  if (files.length > 0) return files;
  const text = `no file matches this pattern; check it, and quote it for the shell${skippedText(selection, pattern)}`;
  throw new RecordpipeError('not-found', text, { uri: pattern });
}

function skippedText({ skipped }: Selection, uri: string): string {
  const found = skipped.notices().filter((notice) => notice.uri === uri);
  return found.map(({ message }) => `; ${message}`).join('');
}
