import { existsSync } from 'node:fs';
import { chmod, open, rename, rm, stat } from 'node:fs/promises';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { forgetTemporary, temporaryPath } from '../../storage/local/temporary-file.ts';
import { stateLockPath, statePath } from '../job/channel-files.ts';
import { readSmallFile } from '../job/config-file.ts';
import { withFileLock } from '../job/file-lock.ts';

/** Options for storing the index of a channel. */
export interface IndexOptions {
  readonly stateDir: string;
  /**
   * Kind of lock. `flock` excludes other processes. `none` excludes only other work in this
   * process.
   */
  readonly lock: 'flock' | 'none';
  readonly lockTimeoutMs: number;
  /** Whether to read the state file as `sagemaker_tensorflow` does. */
  readonly lenient: boolean;
}

/** Maximum index, which is the maximum value of the C++ `int` in `sagemaker_tensorflow`. */
const MAX_INDEX = 2 ** 31 - 1;
const MODE_BITS = 0o7777;

/**
 * The index of the next epoch of a channel. It is stored in the state file of SageMaker's readers
 * and protected by their lock file, so those readers, earlier processes and other processes on this
 * machine take epochs in turn.
 */
export class ChannelIndex {
  readonly statePath: string;
  readonly lockPath: string;
  readonly #options: IndexOptions;

  constructor(channel: string, options: IndexOptions) {
    this.statePath = statePath(options.stateDir, channel);
    this.lockPath = stateLockPath(options.stateDir, channel);
    this.#options = options;
  }

  /**
   * Reports whether the index is greater than `epoch`. Does not take the lock, and returns false
   * while another process writes the index.
   */
  isBeyond(epoch: number): boolean {
    try {
      return readIndex(this.statePath, false) > epoch;
    } catch {
      return false;
    }
  }

  /**
   * Reads, changes and writes the index under the lock. Creates a missing state file, as
   * `sagemaker_tensorflow` does.
   * @param change receives the index and returns the new one, or undefined to leave it unchanged
   * @throws RecordpipeError `pipe-timeout`, `malformed-state`, `aborted`, `access-denied`,
   *   `io-failure`; errors from `change`
   */
  async update(
    signal: AbortSignal | undefined,
    change: (index: number) => Promise<number | undefined>,
  ): Promise<void> {
    const { lock, lockTimeoutMs, lenient } = this.#options;
    const work = async (): Promise<void> => {
      const missing = !existsSync(this.statePath);
      const index = readIndex(this.statePath, lenient);
      const changed = await change(index);
      if (changed !== undefined || missing) await writeIndex(this.statePath, changed ?? index);
    };
    if (lock === 'none') await inTurn(this.statePath, work);
    else await withFileLock(this.lockPath, { timeoutMs: lockTimeoutMs, signal }, work);
  }
}

/** Pending work on channels without a lock, by state file. */
const turns = new Map<string, Promise<unknown>>();

async function inTurn(path: string, work: () => Promise<void>): Promise<void> {
  const turn = (turns.get(path) ?? Promise.resolve()).then(work, work);
  turns.set(path, turn);
  try {
    await turn;
  } finally {
    if (turns.get(path) === turn) turns.delete(path);
  }
}

/**
 * Reads the index of the next epoch, which is stored as decimal digits. Returns 0 if the file does
 * not exist.
 * @param lenient whether text that is not a number counts as 0, as in `sagemaker_tensorflow`
 */
function readIndex(path: string, lenient: boolean): number {
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
  const got =
    text === '' ? 'an empty file (a writer may have been killed)' : JSON.stringify(text.slice(0, 40));
  const what = `expected the index of the next epoch, 0 to ${MAX_INDEX}, in decimal digits, got ${got}; correct the file, or remove it to start with 0`;
  throw new RecordpipeError('malformed-state', what, { uri: path });
}

/**
 * Parses an `int` as a C++ stream does: white space, sign, digits. Returns 0 for any other text.
 */
function asStreamReads(text: string): number {
  const [number] = /^[ \t\n\v\f\r]*[+-]?\d+/.exec(text) ?? ['0'];
  return Math.max(-MAX_INDEX - 1, Math.min(MAX_INDEX, Number.parseInt(number, 10)));
}

let lastWrite: Promise<void> = Promise.resolve();

/**
 * Writes the index. Writes are serialized, because a slow fsync occupies one of Node's four
 * threads.
 */
function writeIndex(path: string, index: number): Promise<void> {
  const written = lastWrite.then(() => replaceFile(path, String(index)));
  lastWrite = written.catch(() => {});
  return written;
}

/**
 * Replaces a file atomically: readers see either the old or the new contents, even after a crash.
 * Keeps the file mode.
 */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    const existing = await stat(path).catch(() => undefined);
    const file = await open(temporary, 'wx', 0o666);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (existing !== undefined) await chmod(temporary, existing.mode & MODE_BITS);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, path);
  } finally {
    forgetTemporary(temporary);
  }
}
