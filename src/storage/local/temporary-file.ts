import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Part of the final name that a temporary name repeats: file names end at 255 bytes. */
const NAME_CHARACTERS = 50;

/** What follows the final name in a temporary name. */
const RANDOM_END = /^[0-9a-f]{16}\.tmp$/;

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Temporary files of this process that still have a name. */
const live = new Set<string>();
/** Whether they are removed when the process exits. */
let watched = false;

/** A temporary file that was created, never one that existed. The caller closes `descriptor`. */
interface TemporaryFile {
  readonly path: string;
  readonly descriptor: number;
}

/**
 * A name for a temporary file beside `path`: hidden, and too random to be planted by somebody else. Open it with `O_EXCL`.
 * The name counts as a temporary file of this process until {@link forgetTemporary} or {@link removeTemporaries}. `process.exit` removes
 * the file; a signal removes it only where its handler calls `process.exit`.
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

/** Creates a temporary file beside `path`. Never follows a link and never opens an existing file. @param mode before the umask */
function createTemporary(path: string, mode = 0o666): TemporaryFile {
  const name = temporaryPath(path);
  try {
    return { path: name, descriptor: openSync(name, FLAGS, mode) };
  } catch (error) {
    live.delete(name);
    throw error;
  }
}

/** Call this once a temporary file has its final name, or is removed. */
export function forgetTemporary(name: string): void {
  live.delete(name);
}

/** Removes every temporary file of this process that still has a name, at once: for a process that a signal ends. */
export function removeTemporaries(): void {
  for (const name of live) {
    try {
      unlinkSync(name);
    } catch {
      // Already gone, or never created.
    }
  }
  live.clear();
}

/**
 * Removes temporary files for `path` that a killed process left. Call it only while no other process may write `path`.
 * Nothing is removed if the name is too long to be distinguished from others.
 */
export function removeLeftTemporaries(path: string): void {
  const start = basename(path).replace(/^\.+/, '');
  if (basename(path).length > NAME_CHARACTERS) return;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`.${start}.`) || !RANDOM_END.test(name.slice(start.length + 2))) continue;
    const left = join(dirname(path), name);
    if (!live.has(left)) unlinkSync(left);
  }
}

/**
 * Replaces a small file as a whole: readers see the old contents or the new, never a part. A replaced file keeps its mode.
 * Links are not followed: the link itself is replaced.
 *
 * @param sync whether the bytes are on the disk when this returns
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
    renameSync(name, path);
  } catch (error) {
    try {
      unlinkSync(name);
    } catch {
      // Never created, or already gone.
    }
    throw error;
  } finally {
    forgetTemporary(name);
  }
}
