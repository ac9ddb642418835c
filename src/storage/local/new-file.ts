import type { Stats } from 'node:fs';
import { chmod, readlink, realpath, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileError } from '../../bytes/files/file-errors.ts';
import { RecordpipeError } from '../../errors.ts';
import { alreadyExists, giveName } from './file-state.ts';
import { forgetTemporary, temporaryPath } from './temporary-file.ts';

/** A file that does not have its final name yet. It holds no buffers: up to 100,000 may exist at once. */
export interface Unnamed {
  /** Gives the closed file its name. */
  name(path: string): Promise<void>;
  /** Removes what was written, also when the file has its name. The file is closed. */
  discard(): Promise<void>;
}

/** A new file beside the place where it will be. */
export interface NewFile extends Unnamed {
  /** Create the file under this name, with `O_EXCL`; call `discard` where that fails. */
  readonly temporary: string;
  /** Mode to create it with: that of the file that it replaces, so that what was private stays private. */
  readonly mode: number | undefined;
}

/**
 * The state of an output before it is written; undefined where there is nothing of that name.
 * @throws RecordpipeError `already-exists` for a file, unless `overwrite`; `unsupported-source` for a directory; `access-denied`, `io-failure`
 */
export async function checkOutput(path: string, overwrite: boolean): Promise<Stats | undefined> {
  const existing = await statIfThere(path);
  if (existing?.isDirectory())
    throw new RecordpipeError('unsupported-source', 'is a directory; name a file in it', { uri: path });
  if (!overwrite && existing?.isFile()) throw alreadyExists(path);
  return existing;
}

/**
 * A file that appears under `path` when it is whole. A link stays a link: the file that it points to is replaced. A replaced file's mode stays.
 * @param existing what `checkOutput` says; not a device or a pipe, which have to be written in place
 */
export async function newFile(
  path: string,
  existing: Stats | undefined,
  overwrite: boolean,
): Promise<NewFile> {
  const real = await pointedTo(path, existing);
  const temporary = temporaryPath(real);
  const mode = existing === undefined ? undefined : existing.mode & 0o777;
  let place = temporary;
  return {
    temporary,
    mode,
    async name(wanted) {
      try {
        const to = wanted === path ? real : wanted;
        if (mode !== undefined) await chmod(temporary, mode);
        await giveName(temporary, to, overwrite);
        forgetTemporary(temporary);
        place = to;
      } catch (error) {
        throw fileError(error, wanted);
      }
    },
    async discard() {
      await unlink(place).catch(() => {});
      forgetTemporary(temporary);
    },
  };
}

/** What a path is; undefined where there is nothing. @throws RecordpipeError `access-denied`, `io-failure` */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

/** The file that any links lead to, also where there is none yet. */
async function pointedTo(path: string, existing: Stats | undefined): Promise<string> {
  if (existing !== undefined) return realpath(path);
  try {
    return await pointedTo(resolve(dirname(path), await readlink(path)), undefined);
  } catch {
    return path;
  }
}
