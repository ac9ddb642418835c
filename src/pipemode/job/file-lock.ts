import { spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { abortError, onAbort as listenForAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';

/** Options for waiting for a lock. */
export interface LockWait {
  /**
   * Maximum time to wait for another holder, excluding the time to start `flock`. May be Infinity.
   */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Maximum delay of a timer. Node fires a timer with a longer delay at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
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
 *
 * @param path the path of the lock file, which is created if it does not exist
 * @param work receives the locked descriptor; code that removes lock files compares it with the
 *   path
 * @throws RecordpipeError `pipe-timeout`, `aborted`, `access-denied`, `not-found`, `io-failure`;
 *   `unsupported-source` without a `flock` program, or if `path` is not a regular file; errors from
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
    await lock(descriptor, path, wait);
    return await work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

let starts: Promise<void> = Promise.resolve();

/**
 * Waits for the next turn of the event loop. Starting a program blocks for 1 ms, so if there are 64
 * channels, one program is started per turn.
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

async function lock(descriptor: number, path: string, wait: LockWait): Promise<void> {
  if (await flock(['-n', '-x'], descriptor, path, wait.signal)) return;
  const began = performance.now();
  if (await flock(['-x'], descriptor, path, wait.signal, wait.timeoutMs)) return;
  // The holder may have released the lock while the program was starting.
  if (await flock(['-n', '-x'], descriptor, path, wait.signal)) return;
  const what = `another process held the lock for more than ${Math.round(performance.now() - began)} ms; find it with lsof or fuser`;
  throw new RecordpipeError('pipe-timeout', what, { uri: path });
}

/**
 * Runs `flock`.
 * @returns whether it took the lock. If another process holds the lock, `-n` returns false at once;
 *   without `-n`, the program waits up to `timeoutMs`
 */
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
    let stderr = '';
    let failure: RecordpipeError | undefined;
    let late = false;
    const onAbort = (): void => {
      failure ??= abortError(signal as AbortSignal);
      program.kill('SIGKILL');
    };
    const onTimeout = (): void => {
      late = true;
      program.kill('SIGKILL');
    };
    const timer = timeoutMs > MAX_TIMER_MS ? undefined : setTimeout(onTimeout, timeoutMs);
    listenForAbort(signal, onAbort);
    program.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    program.on('error', (error) => {
      failure ??= notStarted(error, path);
    });
    program.on('close', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (failure !== undefined) reject(failure);
      else if (code === 0) resolve(true);
      else if (late || (code === 1 && stderr === '')) resolve(false);
      else
        reject(new RecordpipeError('io-failure', `flock: ${stderr.trim() || `code ${code}`}`, { uri: path }));
    });
  });
}

function notStarted(error: Error, path: string): RecordpipeError {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return fileError(error, path);
  const what =
    "the program `flock` is missing; install util-linux, or pass lock: 'none' if no other process uses this channel";
  return new RecordpipeError('unsupported-source', what, { uri: path }, error);
}
