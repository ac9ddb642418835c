import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { unpackTar } from 'modern-tar/fs';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { openObject } from '../../storage/read-objects.ts';
import { withFileErrors } from '../job/config-file.ts';
import type { RootMark } from './root-mark.ts';

/** The code folder below the root. */
const CODE = 'code';

/**
 * Installs the code of a script job into its code folder: copies a folder, or unpacks
 * `sourcedir.tar.gz` from any address. Replaces the copy of an earlier run. Keeps a code folder
 * that recordpipe did not write, as SageMaker's training toolkit does.
 *
 * @param source address of the code; if undefined, the code folder already contains it
 * @returns false if an existing folder was kept
 * @throws RecordpipeError `not-found`, `access-denied`, `corrupt-compressed-stream`, …
 */
export async function fetchCode(
  source: string | undefined,
  codeDir: string,
  mark: RootMark,
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (source === undefined) return true;
  if (existsSync(codeDir) && readdirSync(codeDir).length > 0 && !mark.has(CODE)) return false;
  const unfinished = `${codeDir}.unfinished`;
  const remove = (path: string): void => rmSync(path, { recursive: true, force: true });
  withFileErrors(codeDir, () => remove(unfinished));
  try {
    const path = localPathOf(source);
    const isFolder = path !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory();
    if (isFolder) await cp(path, unfinished, { recursive: true });
    else await unpack(source, unfinished, objects, signal);
    mark.add(CODE);
    remove(codeDir);
    renameSync(unfinished, codeDir);
  } catch (error) {
    remove(unfinished);
    throw isRecordpipeError(error) ? error : fileError(error, codeDir);
  }
  return true;
}

async function unpack(
  source: string,
  folder: string,
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { chunks } = openObject(source, { ...objects, signal });
  try {
    await pipeline(Readable.from(chunks), createGunzip(), unpackTar(folder), { signal });
  } catch (error) {
    if (isRecordpipeError(error) || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    const what = `the code is not a tar.gz archive: ${(error as Error).message}; pack it with tar -czf sourcedir.tar.gz -C FOLDER .`;
    throw new RecordpipeError('corrupt-compressed-stream', what, { uri: source }, error);
  }
}

/** Returns the path of a local address. */
function localPathOf(source: string): string | undefined {
  if (source.startsWith('file:')) return fileURLToPath(source);
  return /^[a-z][a-z\d+.-]*:\/\//i.test(source) ? undefined : source;
}
