import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { compareKeys } from '../object-address.ts';
import type { ObjectInfo } from '../storage.ts';
import { fileError } from './file-errors.ts';
import { pathOf, statFile } from './file-state.ts';
import { walkFolder } from './walk-folder.ts';

/**
 * All regular files, also in folders below, whose paths begin with that of `prefix`, in the order of the bytes of their
 * paths: see Storage.list. Links are followed, but not to a folder that contains them. Pipes and devices are skipped.
 *
 * @param enter whether a folder, given as its path with a slash at the end, is read
 * @throws RecordpipeError `not-found` for a link whose target does not exist, `unsupported-source` for a name that is not
 * UTF-8: without these files the data would look complete
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
    for await (const file of walkFolder(folder, walk))
      if (file.path.startsWith(folder + beginning)) files.push(file.path);
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

/** An error of the listed folder names the prefix, as it was given; those of folders below name the folder. */
function named(error: unknown, folder: string, uri: string): unknown {
  if (!isRecordpipeError(error)) return error;
  if (error.code === 'aborted')
    return new RecordpipeError('aborted', 'listing was aborted', { uri }, error.cause);
  return error.uri === (folder || '.') && error.cause !== undefined ? fileError(error.cause, uri) : error;
}

/** Whether a file that cannot be listed contains no data: it was deleted meanwhile, or it is a pipe or a device. */
async function mayBeSkipped(path: string, { code }: RecordpipeError): Promise<boolean> {
  if (code === 'unsupported-source') return !path.includes('\ufffd');
  if (code !== 'not-found') return false;
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink() !== true) return true;
  const text = 'the target of this link does not exist; fetch the file it stands for, or remove the link';
  throw new RecordpipeError('not-found', text, { uri: path });
}
