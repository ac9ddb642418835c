import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RecordpipeError } from '../../errors.ts';
import { compareKeys } from '../object-address.ts';
import type { ObjectInfo } from '../storage.ts';
import { fileError } from './file-errors.ts';
import { pathOf, statFile } from './file-state.ts';

/**
 * All regular files, those in folders below too, whose paths begin with that of `prefix`, in the order of the bytes of
 * their paths: see Storage.list. Links are followed, but not to a folder that they are in. Pipes and devices are
 * left out.
 *
 * @param enter whether a folder, given as its path with a slash at the end, is read
 * @throws RecordpipeError `not-found` for a link whose target does not exist, `unsupported-source` for a name that is
 * not UTF-8: leaving these out would pass for complete data
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
      if (!(error instanceof RecordpipeError) || !(await canBeLeftOut(file, error))) throw error;
    }
  }
}

/** Whether a file that cannot be listed holds no data: it was deleted meanwhile, or is a pipe or a device. */
async function canBeLeftOut(path: string, { code }: RecordpipeError): Promise<boolean> {
  if (code === 'unsupported-source') return !path.includes('\ufffd');
  if (code !== 'not-found') return false;
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSymbolicLink() !== true) return true;
  const text = 'the target of this link does not exist; fetch the file it stands for, or remove the link';
  throw new RecordpipeError('not-found', text, { uri: path });
}

/** With its slash at the end; nothing for a mere name, so that paths stay as they were given. */
function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
}

interface Folder {
  readonly path: string;
  /** Real paths of the folders above that hold a link on the way here. */
  readonly linked: readonly string[];
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** The folders with links on the way through one more link; undefined if it leads back to a folder on that way. */
async function throughLink(from: Folder, link: string): Promise<readonly string[] | undefined> {
  const [here, target] = await Promise.all([realpath(from.path === '' ? '.' : from.path), realpath(link)]);
  const linked = [...from.linked, here];
  return linked.some((path) => `${path}/`.startsWith(`${target}/`)) ? undefined : linked;
}

async function filesBelow(
  folder: string,
  beginning: string,
  prefix: string,
  enter: (folder: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const found: string[] = [];
  const open: Folder[] = [{ path: folder, linked: [] }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (signal?.aborted)
      throw new RecordpipeError('aborted', 'listing was aborted', { uri: prefix }, signal.reason);
    for (const entry of await entriesOf(at.path, prefix)) {
      if (at.path === folder && !entry.name.startsWith(beginning)) continue;
      const below = { ...at, path: `${at.path}${entry.name}/` };
      if (entry.isDirectory()) {
        if (enter(below.path)) open.push(below);
      } else if (entry.isSymbolicLink() && (await isFolder(below.path))) {
        const linked = enter(below.path) ? await throughLink(at, below.path) : undefined;
        if (linked !== undefined) open.push({ ...below, linked });
      } else found.push(at.path + entry.name);
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
