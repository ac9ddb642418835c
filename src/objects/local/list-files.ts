import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileError } from '../../bytes/file-errors.ts';
import { RecordpipeError } from '../../errors.ts';
import { compareKeys } from '../key-order.ts';
import type { ObjectInfo } from '../object-source.ts';
import { pathOf } from './file-state.ts';
import { statFile } from './stat-file.ts';

/**
 * All regular files, those in folders below too, whose paths begin with that of `prefix`, in the order of the bytes of
 * their paths: see ObjectSource.list. Links are followed to files, not into folders.
 *
 * @param enter whether a folder, given as its path with a slash at the end, is read
 */
export async function* listFiles(
  prefix: string,
  signal?: AbortSignal,
  enter: (folder: string) => boolean = () => true,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const path = pathOf(prefix);
  const atFolder = path === '' || path.endsWith('/');
  const beginning = atFolder ? '' : basename(path);
  const files = await filesBelow(atFolder ? path : folderOf(path), beginning, prefix, enter, signal);
  files.sort(compareKeys);
  for (const file of files) {
    const uri = prefix.startsWith('file://') ? pathToFileURL(file).href : file;
    try {
      yield await statFile({ uri });
    } catch (error) {
      // Deleted meanwhile, a link to nowhere, a pipe.
      if (!(error instanceof RecordpipeError && SKIPPED.has(error.code))) throw error;
    }
  }
}

const SKIPPED: ReadonlySet<string> = new Set(['not-found', 'unsupported-source']);

/** With its slash at the end; nothing for a mere name, so that paths stay as they were given. */
function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
}

async function filesBelow(
  folder: string,
  beginning: string,
  prefix: string,
  enter: (folder: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const found: string[] = [];
  const open = [folder];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (signal?.aborted)
      throw new RecordpipeError('aborted', 'listing was aborted', { uri: prefix }, signal.reason);
    for (const entry of await entriesOf(at, prefix)) {
      if (at === folder && !entry.name.startsWith(beginning)) continue;
      if (entry.isDirectory()) {
        const below = `${at}${entry.name}/`;
        if (enter(below)) open.push(below);
      } else found.push(at + entry.name);
    }
  }
  return found;
}

async function entriesOf(folder: string, prefix: string): Promise<import('node:fs').Dirent[]> {
  try {
    return await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  } catch (error) {
    throw fileError(error, prefix);
  }
}
