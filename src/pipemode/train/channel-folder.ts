import {
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { makeFolder } from '../../storage/local/make-folder.ts';
import {
  forgetTemporary,
  leftTemporaries,
  removeLeftTemporaries,
  temporaryPath,
} from '../../storage/local/temporary-file.ts';
import { withFileErrors } from '../job/config-file.ts';

/** Options for clearing the folder of a channel. */
export interface Clearing {
  /**
   * What to do with files or a link of an earlier run. Only the link itself is removed, never its
   * target.
   */
  readonly existing: 'refuse' | 'clear';
  readonly warn: (code: string, message: string) => void;
}

/**
 * Removes the folder of a channel so that it can be created again. Always removes an empty folder.
 *
 * @throws RecordpipeError `already-exists`; `unsupported-source` for a folder on which a file
 *   system is mounted; `access-denied`, `io-failure`
 */
export function clearFolder(folder: string, { existing, warn }: Clearing): void {
  makeFolder(dirname(folder));
  withFileErrors(folder, () => {
    if (existing === 'clear') removeLeftTemporaries(folder);
    for (const left of leftTemporaries(folder)) {
      const what = `${left} is incomplete data of a run that was killed or is still in progress; remove it if no other run is in progress`;
      warn('incomplete-data', what);
    }
    const stat = statOf(folder);
    if (stat === undefined) return;
    if (stat.isDirectory() && readdirSync(folder).length === 0) rmdirSync(folder);
    else if (existing === 'refuse') {
      const what =
        'the folder of the channel contains data of an earlier run; move or remove it, or use another root folder (root)';
      throw new RecordpipeError('already-exists', what, { uri: folder });
    } else if (stat.isDirectory()) rmSync(folder, { recursive: true });
    else unlinkSync(folder);
  });
}

/** Returns the status of a folder or link. @throws RecordpipeError for a mounted folder */
function statOf(folder: string): Stats | undefined {
  let stat: Stats | undefined;
  try {
    stat = lstatSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    // The program that served the mount was killed.
    if ((error as NodeJS.ErrnoException).code === 'ENOTCONN') throw mounted(folder);
    throw error;
  }
  if (stat?.isDirectory() && stat.dev !== statSync(dirname(folder)).dev) throw mounted(folder);
  return stat;
}

/**
 * Returns the error for a mounted folder, whose files must not be removed, because they may belong
 * to a bucket.
 */
function mounted(folder: string): RecordpipeError {
  const what = `a file system is mounted on the folder of the channel, possibly by an earlier run; unmount it (umount ${folder}), or use another root folder (root)`;
  return new RecordpipeError('unsupported-source', what, { uri: folder });
}

/**
 * A folder that is filled under a temporary name next to its final path, so that its files appear
 * all at once or not at all. Removed if the process exits early.
 */
export class StagedFolder {
  readonly path: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.path = temporaryPath(folder);
    withFileErrors(folder, () => mkdirSync(this.path));
  }

  /** Renames the folder to its final name. */
  publish(): void {
    withFileErrors(this.#folder, () => renameSync(this.path, this.#folder));
    forgetTemporary(this.path);
  }

  /** Removes the folder and its files. */
  discard(): void {
    withFileErrors(this.#folder, () => rmSync(this.path, { recursive: true, force: true }));
    forgetTemporary(this.path);
  }
}
