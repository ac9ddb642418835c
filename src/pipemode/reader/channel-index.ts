import { existsSync } from 'node:fs';
import { chmod, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { forgetTemporary, temporaryPath } from '../../storage/local/temporary-file.ts';
import { withFileLock } from '../file-lock.ts';
import { readSmallFile } from '../job/config-file.ts';

/**
 * The files of a channel in File mode: all regular files below its folder, sorted by the bytes of their paths; symbolic links to files count.
 * @throws RecordpipeError `not-found` where there are none, `access-denied`, `io-failure`
 */
export async function channelFiles(pipeDir: string, channel: string): Promise<string[]> {
  const folder = join(pipeDir, channel);
  const paths: Buffer[] = [];
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() || entry.isSymbolicLink())
        paths.push(Buffer.from(join(entry.parentPath ?? entry.path, entry.name)));
    }
  } catch (error) {
    throw fileError(error, folder);
  }
  if (paths.length > 0) return paths.sort(Buffer.compare).map(String);
  throw new RecordpipeError('not-found', 'the folder of the channel holds no files', { uri: folder });
}

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

/** How a channel's index is kept. */
export interface IndexOptions {
  readonly stateDir: string;
  /** `flock`: locked against other processes; `none`: against others in this process only. */
  readonly lock: 'flock' | 'none';
  readonly lockTimeoutMs: number;
  /** Whether the state file is read as the original does. */
  readonly lenient: boolean;
}

/** Turns of this process on channels that are not locked, by state file. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Which epoch of a channel comes next: the state file and the lock file of SageMaker's own readers, so that these, earlier processes and others on the
 * machine take epochs in turn with us.
 */
export class ChannelIndex {
  readonly statePath: string;
  readonly lockPath: string;
  readonly #options: IndexOptions;

  constructor(channel: string, options: IndexOptions) {
    this.statePath = join(options.stateDir, `.${channel}-pipe_mode-state`);
    this.lockPath = join(options.stateDir, `.${channel}-pipe_mode-lock`);
    this.#options = options;
  }

  /** Whether somebody has moved the index on from `epoch`, as far as can be seen without the lock: while the original writes, nothing can. */
  hasLeft(epoch: number): boolean {
    try {
      return readIndex(this.statePath, false) > epoch;
    } catch {
      return false;
    }
  }

  /**
   * One locked read-modify-write. A state file that is not there is made, as the original does before anything else.
   * @param change gets the index; undefined leaves it
   * @throws RecordpipeError `pipe-timeout`, `malformed-state`, `aborted`, `access-denied`, `io-failure`; whatever `change` throws
   */
  async update(
    signal: AbortSignal | undefined,
    change: (index: number) => Promise<number | undefined>,
  ): Promise<void> {
    const { lock, lockTimeoutMs, lenient } = this.#options;
    const work = async (): Promise<void> => {
      const missing = !hasIndex(this.statePath);
      const index = readIndex(this.statePath, lenient);
      const changed = await change(index);
      if (changed !== undefined || missing) await writeIndex(this.statePath, changed ?? index);
    };
    if (lock === 'none') await inTurn(this.statePath, work);
    else await withFileLock(this.lockPath, { timeoutMs: lockTimeoutMs, signal }, work);
  }
}

async function inTurn(path: string, work: () => Promise<void>): Promise<void> {
  const turn = (turns.get(path) ?? Promise.resolve()).then(work, work);
  turns.set(path, turn);
  try {
    await turn;
  } finally {
    if (turns.get(path) === turn) turns.delete(path);
  }
}
