import {
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { forgetTemporary, removeLeftTemporaries, temporaryPath } from '../../storage/local/temporary-file.ts';
import { makeFolder, withFileErrors } from '../job/config-file.ts';

/** Binary units, which sizes in messages are rounded to. */
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * Makes room for the folder of a channel. An empty folder counts as absent and is removed.
 *
 * @param existing what to do with files or a link of an earlier run. A link is removed, never what
 *   it leads to
 * @throws RecordpipeError `already-exists`; `unsupported-source` for a folder that something is
 *   mounted on; `access-denied`, `io-failure`
 */
export function clearFolder(folder: string, existing: 'refuse' | 'clear'): void {
  makeFolder(dirname(folder));
  withFileErrors(folder, () => {
    if (existing === 'clear') removeLeftTemporaries(folder);
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

/**
 * Checks that a folder can hold files of this total size.
 * @throws RecordpipeError `io-failure`
 */
export function checkSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = withFileErrors(folder, () => statfsSync(dirname(folder)));
  const free = bavail * bsize;
  if (bytes <= free) return;
  const what = `the channel has ${sizeText(bytes)}, and ${sizeText(free)} are free on the disk of its folder; ${MORE_SPACE}`;
  throw new RecordpipeError('io-failure', what, { uri: folder });
}

const MORE_SPACE =
  'free some space, use a root folder on another disk, or read the channel in Pipe mode, which needs none';

/** Returns the error for a file that cannot be written. */
export function writeError(error: unknown, folder: string): unknown {
  const { code, cause } = error as NodeJS.ErrnoException;
  const system = (cause as NodeJS.ErrnoException | undefined)?.code ?? code;
  if (system !== 'ENOSPC' && system !== 'EDQUOT') return error;
  const full = system === 'ENOSPC' ? 'no space is left on the disk' : 'the disk quota is used up';
  return new RecordpipeError('io-failure', `${full} of the channel; ${MORE_SPACE}`, { uri: folder }, error);
}

function sizeText(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${unit === 0 ? bytes : (bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`;
}
