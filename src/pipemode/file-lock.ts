import { spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { abortError, onAbort as listenForAbort } from '../bytes/abortable.ts';
import { RecordpipeError } from '../errors.ts';
import { fileError } from '../storage/local/file-errors.ts';

/** How a lock is waited for. */
export interface LockWait {
  /** How long others may hold it; Infinity: as long as they like. The time that `flock` takes to start does not count. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The longest delay of a timer; longer ones fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Never waits for the other end of a named pipe, and never follows a link: either may be planted. */
const FLAGS = constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Does work while holding flock(2) on a file, exclusively: against every process that takes it, in any language, and
 * against other work in this process.
 *
 * Node has no flock. The `flock` program (util-linux, busybox) inherits our descriptor and locks that: the lock belongs
 * to the open file, which is ours as well, so it outlives the program, and goes when we close the file or die. 2 ms.
 * Whether somebody else holds the lock is what `flock -n` says; a slow start of the program is no contention.
 * @param path created if it does not exist
 * @param work gets the locked descriptor: who removes lock files finds out by it whether the locked file still has its name
 * @throws RecordpipeError `pipe-timeout`, `aborted`, `access-denied`, `not-found`, `io-failure`; `unsupported-source`
 * without a `flock` program, or if `path` is not a regular file; whatever `work` throws
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

/** One program is started per turn of the event loop, which that blocks for a millisecond: 64 channels at once would block it for a tenth of a second. */
function ownTurn(): Promise<void> {
  turns = turns.then(() => new Promise((resolve) => void setImmediate(resolve)));
  return turns;
}

function openLockFile(path: string): number {
  const descriptor = openExisting(path);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw notALockFile(path);
}

function openExisting(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | FLAGS, 0o666);
  } catch (error) {
    // Somebody else's, who alone may write to it: flock needs no more than an open file.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw lockFileError(error, path);
  }
  try {
    return openSync(path, constants.O_RDONLY | FLAGS);
  } catch (error) {
    throw lockFileError(error, path);
  }
}

function lockFileError(error: unknown, path: string): RecordpipeError {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ELOOP', 'ENXIO', 'EISDIR'].includes(code) ? notALockFile(path) : fileError(error, path);
}

function notALockFile(uri: string): RecordpipeError {
  const what =
    'expected a lock file, and found a link, a named pipe, a folder or a device; remove it, or choose another folder';
  return new RecordpipeError('unsupported-source', what, { uri });
}

async function lock(descriptor: number, path: string, wait: LockWait): Promise<void> {
  if (await flock(['-n', '-x'], descriptor, path, wait.signal)) return;
  const began = performance.now();
  if (await flock(['-x'], descriptor, path, wait.signal, wait.timeoutMs)) return;
  // It may have been released while the program was starting.
  if (await flock(['-n', '-x'], descriptor, path, wait.signal)) return;
  const what = `another process held the lock for more than ${Math.round(performance.now() - began)} ms; find it with lsof or fuser`;
  throw new RecordpipeError('pipe-timeout', what, { uri: path });
}

/** Runs `flock`. @returns whether the lock was taken; false if somebody else holds it, with `-n` at once, else after `timeoutMs` */
function flock(
  flags: readonly string[],
  descriptor: number,
  path: string,
  signal: AbortSignal | undefined,
  timeoutMs: number = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const program = spawn('flock', [...flags, '3'], { stdio: ['ignore', 'ignore', 'pipe', descriptor] });
    let said = '';
    let failure: RecordpipeError | undefined;
    let late = false;
    const onAbort = (): void => {
      failure ??= abortError(signal as AbortSignal);
      program.kill('SIGKILL');
    };
    const timer =
      timeoutMs > MAX_TIMER_MS
        ? undefined
        : setTimeout(() => {
            late = true;
            program.kill('SIGKILL');
          }, timeoutMs);
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
      else if (code === 0) resolve(true);
      else if (late || (code === 1 && said === '')) resolve(false);
      else
        reject(new RecordpipeError('io-failure', `flock: ${said.trim() || `code ${code}`}`, { uri: path }));
    });
  });
}

function noFlock(error: Error, path: string): RecordpipeError {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT') return fileError(error, path);
  const what =
    "there is no program `flock`; install util-linux, or pass lock: 'none' if no other process uses this channel";
  return new RecordpipeError('unsupported-source', what, { uri: path }, error);
}
