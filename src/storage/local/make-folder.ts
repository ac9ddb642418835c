import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from './file-errors.ts';

/**
 * Creates a folder and its missing parents. Does nothing if the folder exists.
 *
 * Node's own recursive `mkdir` never returns where the system reports a missing parent although it
 * exists, for example below `/proc`.
 *
 * @throws RecordpipeError `access-denied`, `io-failure`; `unsupported-source` if a part of the path
 *   is not a folder
 * @example
 * ```ts
 * import { makeFolder } from 'recordpipe/records/write';
 * makeFolder('results/2026');
 * ```
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  let folder = resolve(path);
  while (!isFolder(folder) && dirname(folder) !== folder) {
    missing.push(folder);
    folder = dirname(folder);
  }
  for (const one of missing.reverse()) makeOne(one);
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process may have created it in the meantime.
    if (code === 'EEXIST' && isFolder(folder)) return;
    if (code !== 'ENOENT') throw fileError(error, folder);
    const what = 'a folder cannot be created here; choose another path';
    throw new RecordpipeError('io-failure', what, { uri: folder }, error);
  }
}

/** @throws RecordpipeError if the path exists and is not a folder, or cannot be inspected */
function isFolder(path: string): boolean {
  let stat: ReturnType<typeof statSync> | undefined;
  try {
    stat = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(error, path);
  }
  if (stat === undefined || stat.isDirectory()) return stat !== undefined;
  const what = 'expected a folder, found a file; choose another path';
  throw new RecordpipeError('unsupported-source', what, { uri: path });
}
