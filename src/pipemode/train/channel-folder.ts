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
import {
  forgetTemporary,
  leftTemporaries,
  removeLeftTemporaries,
  temporaryPath,
} from '../../storage/local/temporary-file.ts';
import { makeFolder, withFileErrors } from '../job/config-file.ts';

/** How to make room for the folder of a channel. */
export interface Clearing {
  /**
   * What to do with files or a link of an earlier run. A link is removed, never what it leads to.
   */
  readonly existing: 'refuse' | 'clear';
  readonly warn: (code: string, message: string) => void;
}

/**
 * Makes room for the folder of a channel. An empty folder counts as absent and is removed.
 *
 * @throws RecordpipeError `already-exists`; `unsupported-source` for a folder that something is
 *   mounted on; `access-denied`, `io-failure`
 */
export function clearFolder(folder: string, { existing, warn }: Clearing): void {
  makeFolder(dirname(folder));
  withFileErrors(folder, () => {
    if (existing === 'clear') removeLeftTemporaries(folder);
    for (const left of leftTemporaries(folder)) {
      const what = `${left} is incomplete data of a run that was killed, or that is still in progress; remove it if no other run uses it`;
      warn('incomplete-data', what);
    }
    const stat = statOf(folder);
    if (stat === undefined) return;
    if (stat.isDirectory() && readdirSync(folder).length === 0) rmdirSync(folder);
    else if (existing === 'refuse') {
      const what =
        'the folder of the channel contains data of an earlier run; move or remove it, or use another root folder';
      throw new RecordpipeError('already-exists', what, { uri: folder });
    } else if (stat.isDirectory()) rmSync(folder, { recursive: true });
    else unlinkSync(folder);
  });
}

/** Returns the state of a folder or link. @throws RecordpipeError for a mounted folder */
function statOf(folder: string): Stats | undefined {
  let stat: Stats | undefined;
  try {
    stat = lstatSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    // The program that served a mount was killed.
    if ((error as NodeJS.ErrnoException).code === 'ENOTCONN') throw mounted(folder);
    throw error;
  }
  if (stat?.isDirectory() && stat.dev !== statSync(dirname(folder)).dev) throw mounted(folder);
  return stat;
}

/** Its files must not be removed, because they may be those of a bucket. */
function mounted(folder: string): RecordpipeError {
  const what = `a file system is mounted on the folder of the channel, maybe by an earlier run; unmount it (umount ${folder}), or use another root folder`;
  return new RecordpipeError('unsupported-source', what, { uri: folder });
}

/**
 * A folder that is filled under a temporary name next to its final place, so that its files appear
 * all at once or not at all. Removed if the process exits before.
 */
export class StagedFolder {
  readonly path: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.path = temporaryPath(folder);
    withFileErrors(folder, () => mkdirSync(this.path));
  }

  /** Gives the folder its final name. */
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
