import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { renameFileSync } from './rename-file.ts';

/**
 * Number of characters of the final name repeated in a temporary name. File names are limited to
 * 255 bytes.
 */
const NAME_CHARACTERS = 50;

/** Pattern of the part after the final name in a temporary name. */
const RANDOM_END = /^[0-9a-f]{16}\.tmp$/;

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Temporary files and folders of this process that have not been renamed or removed. */
const live = new Set<string>();
/** Whether an exit handler removes them. */
let watched = false;

/** A newly created temporary file, never an existing one. The caller closes `descriptor`. */
interface TemporaryFile {
  readonly path: string;
  readonly descriptor: number;
}

/**
 * Returns a name for a temporary file or folder in the folder of `path`. The name is hidden and
 * unguessable. Open a file with `O_EXCL`. The name counts as temporary until
 * {@link forgetTemporary} or {@link removeTemporaries}. `process.exit` removes the file or folder; a
 * signal removes it only if its handler calls `process.exit`.
 */
export function temporaryPath(path: string): string {
  const start = basename(path).slice(0, NAME_CHARACTERS).replace(/^\.+/, '');
  const name = join(dirname(path), `.${start}.${randomBytes(8).toString('hex')}.tmp`);
  if (!watched) {
    watched = true;
    process.on('exit', removeTemporaries);
  }
  live.add(name);
  return name;
}

/**
 * Creates a temporary file in the folder of `path`. Never follows a link and never opens an
 * existing file.
 * @param mode before the umask
 */
function createTemporary(path: string, mode = 0o666): TemporaryFile {
  const name = temporaryPath(path);
  try {
    return { path: name, descriptor: openSync(name, FLAGS, mode) };
  } catch (error) {
    live.delete(name);
    throw error;
  }
}

/** Stops tracking a temporary file. Call when it has its final name or has been removed. */
export function forgetTemporary(name: string): void {
  live.delete(name);
}

/**
 * Removes every temporary file and folder of this process that still has its temporary name,
 * synchronously. Intended for signal handlers.
 */
export function removeTemporaries(): void {
  for (const name of live) {
    try {
      rmSync(name, { recursive: true, force: true });
    } catch {
      // The folder may not be written to.
    }
  }
  live.clear();
}

/**
 * Removes temporary files and folders for `path` left by a killed process. Call only while no other
 * process may write `path`.
 */
export function removeLeftTemporaries(path: string): void {
  for (const left of leftTemporaries(path)) rmSync(left, { recursive: true, force: true });
}

/**
 * Returns the temporary files and folders for `path` that other processes use, or that killed
 * processes left. Returns none if the name is too long to be distinguished from others.
 */
export function leftTemporaries(path: string): string[] {
  const start = basename(path).replace(/^\.+/, '');
  if (basename(path).length > NAME_CHARACTERS) return [];
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(`.${start}.`) && RANDOM_END.test(name.slice(start.length + 2)))
    .map((name) => join(dirname(path), name))
    .filter((left) => !live.has(left));
}

/**
 * Replaces a small file as a whole. Readers see either the old or the new contents, never a partial
 * file. A replaced file keeps its mode. Links are not followed: the link itself is replaced.
 *
 * @param sync whether the bytes are on disk when this returns
 */
export function replaceFileSync(
  path: string,
  text: string | Uint8Array,
  { sync = false, mode = 0o666 }: { readonly sync?: boolean; readonly mode?: number } = {},
): void {
  const existing = statSync(path, { throwIfNoEntry: false });
  const { path: name, descriptor } = createTemporary(path, mode);
  try {
    try {
      const bytes = Buffer.from(text as string);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      if (existing?.isFile()) fchmodSync(descriptor, existing.mode & 0o777);
      if (sync) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameFileSync(name, path);
  } catch (error) {
    try {
      unlinkSync(name);
    } catch {
      // The file was never created, or is already gone.
    }
    throw error;
  } finally {
    forgetTemporary(name);
  }
}
