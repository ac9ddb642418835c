import { existsSync } from 'node:fs';
import { chmod, open, rename, rm, stat } from 'node:fs/promises';
import { fileError } from '../bytes/file-errors.ts';
import { RecordpipeError } from '../errors.ts';
import { forgetTemporary, temporaryPath } from '../objects/local/temporary-file.ts';
import { readSmallFile } from './read-small-file.ts';

/** The largest index that the original's C++ `int` holds. */
const MAX_INDEX = 2 ** 31 - 1;
const MODE_BITS = 0o7777;

/**
 * The index of the next epoch that a state file holds, as decimal digits; 0 where there is no file yet.
 * @param lenient as the original reads: what is no number is 0
 * @throws RecordpipeError `malformed-state`, `access-denied`, `io-failure`
 */
export function readIndex(path: string, lenient: boolean): number {
  let text: string;
  try {
    text = readSmallFile(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw fileError(error, path);
  }
  if (lenient) return asStreamReads(text);
  const index = /^\d{1,10}\n?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (index <= MAX_INDEX) return index;
  const got = text === '' ? 'an empty file (was a writer killed?)' : JSON.stringify(text.slice(0, 40));
  throw new RecordpipeError(
    'malformed-state',
    `expected the index of the next epoch, 0 to ${MAX_INDEX}, as decimal digits, got ${got}; write the right one into the file, or remove it to begin with 0`,
    { uri: path },
  );
}

/** Whether there is a state file. */
export function hasIndex(path: string): boolean {
  return existsSync(path);
}

/**
 * Writes the index so that everybody sees the old file or the new one, also after a crash; the file keeps its mode. Only under the channel's lock.
 * @throws RecordpipeError `access-denied`, `io-failure`
 */
export function writeIndex(path: string, index: number): Promise<void> {
  // One at a time in this process: fsync may hold a thread of the host's four for long.
  const written = last.then(() => replace(path, String(index)));
  last = written.catch(() => {});
  return written;
}

let last: Promise<void> = Promise.resolve();

async function replace(path: string, text: string): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    const mode = await modeOf(path);
    const file = await open(temporary, 'wx', 0o666);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (mode !== undefined) await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, path);
  } finally {
    forgetTemporary(temporary);
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & MODE_BITS;
  } catch {
    return undefined;
  }
}

/** A C++ stream's `>>` into an `int`: white space, sign, digits; anything else is 0. */
function asStreamReads(text: string): number {
  const [number] = /^[ \t\n\v\f\r]*[+-]?\d+/.exec(text) ?? ['0'];
  return Math.max(-MAX_INDEX - 1, Math.min(MAX_INDEX, Number.parseInt(number, 10)));
}
