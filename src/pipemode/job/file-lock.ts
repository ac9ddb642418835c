import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { lockWithSocket, type SocketLock } from '../../storage/local/socket-lock.ts';
import { lockWithProgram } from './lock-programs.ts';

/** Options for waiting for a lock. */
export interface LockWait {
  /**
   * Maximum time to wait for another holder, excluding the time it takes to start `flock`. May be
   * Infinity.
   */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Flags for opening a lock file without blocking on a named pipe and without following a link,
 * because another user may have planted either.
 */
const FLAGS = constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Runs `work` while holding an exclusive flock(2) on a file. The lock excludes every process that
 * takes it, in any language, and other work in this process.
 *
 * Node has no flock, so the `flock` program (util-linux, busybox) inherits this process's
 * descriptor and locks it. The lock belongs to the open file, so it outlives the program and ends
 * when this process closes the file or dies. Locking takes 2 ms. `flock -n` determines whether
 * another process holds the lock, so a slow start of the program does not count as contention.
 * Without `flock`, as on macOS, `perl` or `python3` takes the same lock. On Linux, if none of these
 * programs exists, a socket is the lock (`storage/local/socket-lock.ts`), with a warning.
 *
 * @param path the path of the lock file, which is created if it does not exist
 * @param work receives the locked descriptor; code that removes lock files compares it with the
 *   path
 * @throws RecordpipeError `pipe-timeout`, `aborted`, `access-denied`, `not-found`, `io-failure`;
 *   `unsupported-source` if no way to lock exists, or if `path` is not a regular file; errors from
 *   `work`
 */
export async function withFileLock<R>(
  path: string,
  wait: LockWait,
  work: (descriptor: number) => Promise<R>,
): Promise<R> {
  await nextStart();
  const descriptor = openLockFile(path);
  try {
    const held = await lock(descriptor, path, wait);
    try {
      return await work(descriptor);
    } finally {
      await held?.release();
    }
  } finally {
    closeSync(descriptor);
  }
}

let starts: Promise<void> = Promise.resolve();

/**
 * Waits for the next turn of the event loop. Starting a program blocks for 1 ms, so with 64
 * channels, each turn starts only one program.
 */
function nextStart(): Promise<void> {
  starts = starts.then(() => new Promise((resolve) => void setImmediate(resolve)));
  return starts;
}

function openLockFile(path: string): number {
  let descriptor: number;
  try {
    descriptor = openForLock(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw ['ELOOP', 'ENXIO', 'EISDIR'].includes(code) ? notALockFile(path) : fileError(error, path);
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw notALockFile(path);
}

function openForLock(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | FLAGS, 0o666);
  } catch (error) {
    // flock needs only an open file, so a file of another user can be opened read-only and locked.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return openSync(path, constants.O_RDONLY | FLAGS);
  }
}

function notALockFile(uri: string): RecordpipeError {
  const what =
    'expected a lock file, found a link, named pipe, folder or device; remove it, or choose another folder';
  return new RecordpipeError('unsupported-source', what, { uri });
}

/**
 * Takes the lock.
 * @returns the lock to release, if closing the descriptor does not release it
 */
async function lock(
  descriptor: number,
  path: string,
  { timeoutMs, signal }: LockWait,
): Promise<SocketLock | undefined> {
  const atOnce = { waitMs: undefined, signal };
  const isLocked = await lockWithProgram(descriptor, path, atOnce);
  if (isLocked === undefined) return lockWithoutProgram(descriptor, path, { timeoutMs, signal });
  if (isLocked) return undefined;
  const began = performance.now();
  if (await lockWithProgram(descriptor, path, { waitMs: timeoutMs, signal })) return undefined;
  // The holder may have released the lock while the program was starting.
  if (await lockWithProgram(descriptor, path, atOnce)) return undefined;
  throw heldTooLong(path, performance.now() - began);
}

async function lockWithoutProgram(
  descriptor: number,
  path: string,
  { timeoutMs, signal }: LockWait,
): Promise<SocketLock> {
  const missing = 'none of the programs `flock`, `perl` and `python3` is installed';
  if (process.platform !== 'linux') {
    const what = `${missing}; install one of them, or pass lock: 'none' if no other process uses this channel`;
    throw new RecordpipeError('unsupported-source', what, { uri: path });
  }
  if (!isWarned) {
    const text = `${missing}, so recordpipe locks channels with sockets; a socket lock excludes only recordpipe processes that also use socket locks on this host; to exclude all readers, install util-linux`;
    process.emitWarning(text, 'RecordpipeWarning');
  }
  isWarned = true;
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  const held = await lockWithSocket(`recordpipe-lock/${dev}/${ino}`, path, timeoutMs, signal);
  if (held === undefined) throw heldTooLong(path, timeoutMs);
  return held;
}

let isWarned = false;

function heldTooLong(uri: string, ms: number): RecordpipeError {
  const what = `another process held the lock for more than ${Math.round(ms)} ms; find it with lsof or fuser`;
  return new RecordpipeError('pipe-timeout', what, { uri });
}
