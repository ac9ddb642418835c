import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { abortError, onAbort as listenForAbort } from '../bytes/abortable.ts';
import { fileError } from '../bytes/file-errors.ts';
import { RecordpipeError } from '../errors.ts';

/** How a lock is waited for. */
export interface LockWait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What a timer takes; longer ones fire at once. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/**
 * Does something while holding flock(2) on a file, exclusively: against everybody who takes it, in whatever language, and against others in this
 * process.
 *
 * Node has no flock. The `flock` program (util-linux, busybox) gets our descriptor as its own and locks that: the lock belongs to the open file, which
 * is ours as well, so it outlives the program, and goes when we close it or die. 2 ms, once an epoch.
 * @param path made if it is not there
 * @param work gets the descriptor that is locked: who removes lock files finds out by it whether the locked file still has its name
 * @throws RecordpipeError `pipe-timeout`, `aborted`, `access-denied`, `not-found`, `io-failure`, `unsupported-source`; whatever `work` throws
 */
export async function withFileLock<R>(
  path: string,
  wait: LockWait,
  work: (descriptor: number) => Promise<R>,
): Promise<R> {
  await ownTurn();
  const descriptor = openLockFile(path);
  try {
    await lock(descriptor, path, wait);
    return await work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

let turns: Promise<void> = Promise.resolve();

/** One program is started in a turn of the event loop, which that holds up for a millisecond: 64 channels at once would hold it up for a tenth of a second. */
function ownTurn(): Promise<void> {
  turns = turns.then(() => new Promise((resolve) => void setImmediate(resolve)));
  return turns;
}

function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o666);
  } catch (error) {
    // Somebody else's, who alone may write to it: flock needs no more than an open file.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw fileError(error, path);
  }
  try {
    return openSync(path, constants.O_RDONLY);
  } catch (error) {
    throw fileError(error, path);
  }
}

function lock(descriptor: number, path: string, { timeoutMs, signal }: LockWait): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const program = spawn('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'pipe', descriptor] });
    let said = '';
    let failure: RecordpipeError | undefined;
    const stop = (error: RecordpipeError): void => {
      failure ??= error;
      program.kill('SIGKILL');
    };
    const onAbort = (): void => stop(abortError(signal as AbortSignal));
    const timer = setTimeout(() => stop(lockedByOthers(path, timeoutMs)), Math.min(timeoutMs, MOST_TIMER_MS));
    listenForAbort(signal, onAbort);
    program.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    program.on('error', (error) => {
      failure ??= noFlock(error, path);
    });
    program.on('close', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (failure !== undefined) reject(failure);
      else if (code === 0) resolve();
      else
        reject(new RecordpipeError('io-failure', `flock: ${said.trim() || `code ${code}`}`, { uri: path }));
    });
  });
}

function lockedByOthers(uri: string, timeoutMs: number): RecordpipeError {
  const what = `the channel's lock was not to be had within ${timeoutMs} ms; who holds it? (lsof, fuser)`;
  return new RecordpipeError('pipe-timeout', what, { uri });
}

function noFlock(error: Error, path: string): RecordpipeError {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT') return fileError(error, path);
  const what =
    "the program `flock` is not there; install util-linux, or pass lock: 'none' where this process alone reads the channel";
  return new RecordpipeError('unsupported-source', what, { uri: path }, error);
}
