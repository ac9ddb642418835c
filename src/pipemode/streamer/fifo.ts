import { spawn } from 'node:child_process';
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAborted } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { withFileErrors } from '../job/config-file.ts';

/**
 * A named pipe of this streamer, identified by its inode. A file that is created later with the
 * same name does not belong to this streamer.
 */
export interface OwnFifo {
  readonly path: string;
  readonly dev: string;
  readonly ino: string;
}

/** Mode of a new pipe: only the current user may write. The umask determines who may read. */
const MODE = 0o644;
/**
 * Flags for opening a pipe without blocking. If there is no reader, opening fails within 8 to 10
 * µs. A blocking open would occupy a thread and keep the process alive.
 */
const WRITE_FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
/** Linux's flag for a descriptor that refers to a file without opening it. Node does not name it. */
const O_PATH = 0o10000000;
/**
 * Intervals between checks for a reader, which grow with the time waited. A reader may wait this
 * long for its first byte.
 */
const MIN_PAUSE_MS = 1;
const MAX_PAUSE_MS = 10;
const PAUSE_SHARE = 1 / 20;
/** Interval between checks for the reader of a pipe that is held open. */
const HOLD_MS = 50;
/** Intervals between checks for readers that have unread bytes. */
const FIRST_POLL_MS = 2;
const MAX_POLL_MS = 50;
const BLOCK_BYTES = 64 * 1024;

/** For each failure of `mkfifo`, its text on standard error, the error code and the advice. */
const MKFIFO_FAILURES = [
  ['File exists', 'already-exists', '; remove it, or choose another folder'],
  ['No such file', 'not-found', '; create the folder first'],
  ['Not a directory', 'not-found', ''],
  ['Permission denied', 'access-denied', '; choose a folder that you can write to'],
  ['Read-only', 'access-denied', '; choose a folder that you can write to'],
  ['name too long', 'io-failure', '; choose a shorter folder or channel name'],
] as const;

/**
 * Creates named pipes with one run of the `mkfifo` program. Creating 64 pipes takes 7 ms.
 * @param lock a descriptor that holds the channel's lock. The `mkfifo` program inherits it. If this
 *   process is killed, the channel therefore stays locked until `mkfifo` has ended
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `io-failure`;
 *   `unsupported-source` without a `mkfifo` program
 */
export async function makeFifos(paths: readonly string[], lock: number | undefined): Promise<OwnFifo[]> {
  if (paths.length === 0) return [];
  await mkfifo(paths, lock);
  return paths.map((path) => ownFifo(path, statOf(path) as BigIntStats));
}

function mkfifo(paths: readonly string[], lock: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const mode = (MODE & ~process.umask()).toString(8);
    const program = spawn('mkfifo', ['-m', mode, '--', ...paths], {
      stdio: ['ignore', 'ignore', 'pipe', ...(lock === undefined ? [] : [lock])],
      env: { ...process.env, LC_ALL: 'C' }, // Its messages are compared with MKFIFO_FAILURES.
    });
    let stderr = '';
    program.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    program.on('error', (error) => reject(mkfifoError(error, stderr, paths)));
    program.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(mkfifoError(new Error(`mkfifo ended with ${code ?? signal}`), stderr, paths));
    });
  });
}

function mkfifoError(error: Error, stderr: string, paths: readonly string[]): RecordpipeError {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    const what = 'the program `mkfifo` is missing; install coreutils';
    return new RecordpipeError('unsupported-source', what, { uri: paths[0] }, error);
  }
  const [line] = stderr.trim().split('\n');
  const uri = paths.find((path) => line.includes(path)) ?? paths[0];
  const known = MKFIFO_FAILURES.find(([text]) => line.includes(text));
  const [, code, next] = known ?? ['', 'io-failure' as const, ''];
  const reason = line.replace(/^mkfifo: /, '') || error.message;
  return new RecordpipeError(code, `cannot create the named pipe: ${reason}${next}`, { uri }, error);
}

/**
 * Returns the status of the file at `path` without following links, or undefined if the file does
 * not exist.
 */
export function statOf(path: string): BigIntStats | undefined {
  return withFileErrors(path, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
}

/** Returns the named pipe at `path`. */
export function ownFifo(path: string, { dev, ino }: BigIntStats): OwnFifo {
  return { path, dev: String(dev), ino: String(ino) };
}

/** Reports whether the pipe still has its name. */
export function hasItsName(fifo: OwnFifo): boolean {
  const found = statOf(fifo.path);
  return found?.isFIFO() === true && isSame(fifo, found);
}

function isSame(fifo: OwnFifo, { dev, ino }: BigIntStats): boolean {
  return String(dev) === fifo.dev && String(ino) === fifo.ino;
}

/** Options for waiting for a reader. */
export interface ReaderWait {
  /** Maximum time to wait. If undefined, there is no limit. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Waits until a process opens the pipe for reading.
 * @param open tries to open the pipe for writing, and returns whether it did
 * @throws RecordpipeError `reader-timeout`, `aborted`; errors from `open`
 */
export async function waitForReader(
  fifo: OwnFifo,
  { timeoutMs, signal }: ReaderWait,
  open: () => boolean,
): Promise<void> {
  const began = performance.now();
  for (;;) {
    checkAborted(signal);
    if (open()) return;
    const waited = performance.now() - began;
    const rest = (timeoutMs ?? Number.POSITIVE_INFINITY) - waited;
    if (rest <= 0) {
      const what = `no reader opened the pipe within ${Math.round(waited)} ms; check that the training program is running and reads this channel`;
      throw new RecordpipeError('reader-timeout', what, { uri: fifo.path });
    }
    const ms = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, PAUSE_SHARE * waited));
    await pause(Math.min(ms, rest), signal);
  }
}

/** Reports whether a process has the pipe open for reading or is blocked while opening it. */
export function hasReader(fifo: OwnFifo): boolean {
  const descriptor = openIfRead(fifo);
  if (descriptor !== undefined) closeSync(descriptor);
  return descriptor !== undefined;
}

/**
 * Opens the pipe for writing if a process has it open for reading or is blocked while opening it.
 * In the latter case, the process's open then succeeds.
 * @throws RecordpipeError `source-changed`, `access-denied`, `io-failure`
 */
export function openIfRead(fifo: OwnFifo): number | undefined {
  return openOwn(fifo, WRITE_FLAGS);
}

function openOwn(fifo: OwnFifo, flags: number): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(fifo.path, flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO') return undefined;
    if (code === 'ENOENT' || code === 'ELOOP') throw replaced(fifo);
    throw fileError(error, fifo.path);
  }
  if (isSame(fifo, fstatSync(descriptor, { bigint: true }))) return descriptor;
  closeSync(descriptor);
  throw replaced(fifo);
}

/**
 * Opens the pipe for writing although its reader may have left.
 * @throws RecordpipeError `source-changed`, `access-denied`, `io-failure`
 */
export function openUnread(fifo: OwnFifo): number | undefined {
  const reading = releaseReaders(fifo);
  try {
    return openIfRead(fifo);
  } finally {
    if (reading !== undefined) closeSync(reading);
  }
}

/**
 * Opens the pipe neither for reading nor for writing, so that a process which inherits the
 * descriptor can open the same pipe.
 * @throws RecordpipeError `source-changed`, `access-denied`, `io-failure`
 */
export function openPlace(fifo: OwnFifo): number {
  return openOwn(fifo, O_PATH | constants.O_NOFOLLOW) as number;
}

/** @throws RecordpipeError `source-changed` if the pipe no longer has its name */
export function checkName(fifo: OwnFifo): void {
  if (!hasItsName(fifo)) throw replaced(fifo);
}

function replaced({ path }: OwnFifo): RecordpipeError {
  const what = 'the named pipe was removed or replaced while in use; do not modify the pipes of a streamer';
  return new RecordpipeError('source-changed', what, { uri: path });
}

/**
 * Keeps a pipe that has a reader open, without writing, until the reader closes it or the signal
 * fires.
 */
export async function holdOpen(fifo: OwnFifo, signal: AbortSignal): Promise<void> {
  let descriptor: number | undefined;
  try {
    descriptor = openIfRead(fifo);
    if (descriptor === undefined) return;
    while (!signal.aborted && hasReader(fifo)) await pause(HOLD_MS, signal);
  } catch {
    // The pipe no longer has a name, so it need not be held open.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Removes a pipe, unless another file has replaced it. A reader that is blocked in open, or that
 * opens the pipe just before its removal, would wait forever, so it receives an end of file.
 */
export function removeFifo(fifo: OwnFifo): void {
  if (!hasItsName(fifo)) return;
  let descriptor: number | undefined;
  try {
    descriptor = releaseReaders(fifo);
    unlinkSync(fifo.path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, fifo.path);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Opens the pipe for reading and writing. This never blocks on Linux, and it unblocks readers that
 * wait for a writer.
 */
function releaseReaders(fifo: OwnFifo): number | undefined {
  try {
    return openSync(fifo.path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return openIfRead(fifo);
  }
}

/** Waits for `ms` milliseconds. Returns early, without an error, if the signal fires. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

/**
 * Counts the bytes that a reader leaves unread. When the writer is done, up to 64 KiB remain in the
 * kernel and are lost when the last descriptor is closed. Therefore this object keeps a reading end
 * open until all other processes have closed the pipe.
 */
export class UnreadBytes {
  readonly #fifo: OwnFifo;
  readonly #descriptor: number;

  private constructor(fifo: OwnFifo, descriptor: number) {
    this.#fifo = fifo;
    this.#descriptor = descriptor;
  }

  /**
   * Opens a reading end. Call only after the last write, while the writing end is still open: while
   * this object exists, a writer does not notice that the reader has disconnected. Returns
   * undefined if the reader cannot be observed because it is a process of another user or
   * container.
   * @throws RecordpipeError `io-failure`, `source-changed`
   */
  static of(fifo: OwnFifo): UnreadBytes | undefined {
    if (hasReader(fifo) && readersOf(fifo).length === 0 && hasReader(fifo)) return undefined;
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    return new UnreadBytes(
      fifo,
      withFileErrors(fifo.path, () => openSync(fifo.path, flags)),
    );
  }

  /**
   * Waits until no other process has the pipe open.
   * @returns the number of unread bytes, or 0 if the signal fires first
   */
  async count(signal: AbortSignal): Promise<number> {
    let readers = readersOf(this.#fifo, this.#descriptor);
    for (let ms = FIRST_POLL_MS; readers.length > 0; ms = Math.min(2 * ms, MAX_POLL_MS)) {
      if (signal.aborted) return 0;
      await sleep(ms);
      // Known readers are checked first, because a search through all processes takes many times as
      // long.
      readers = readersOf(this.#fifo, this.#descriptor, readers);
      if (readers.length === 0) readers = readersOf(this.#fifo, this.#descriptor);
    }
    const block = new Uint8Array(BLOCK_BYTES);
    let count = 0;
    try {
      for (let read = 1; read > 0; count += read) read = readSync(this.#descriptor, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw fileError(error, this.#fifo.path);
    }
    return count;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/**
 * Returns the processes that have the pipe open for reading.
 * @param except a descriptor of this process to ignore
 */
function readersOf(fifo: OwnFifo, except?: number, processes: readonly string[] = allProcesses()): string[] {
  return processes.filter((pid) =>
    namesIn(`/proc/${pid}/fd`).some((descriptor) => {
      if (Number(pid) === process.pid && Number(descriptor) === except) return false;
      return isReading(pid, descriptor, fifo);
    }),
  );
}

function allProcesses(): string[] {
  return namesIn('/proc').filter((name) => /^\d+$/.test(name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // The process ended or belongs to another user.
  }
}

function isReading(pid: string, descriptor: string, fifo: OwnFifo): boolean {
  try {
    const path = `/proc/${pid}/fd/${descriptor}`;
    if (!readlinkSync(path).startsWith('/')) return false; // A socket, an unnamed pipe or similar.
    const stat = statSync(path, { bigint: true });
    if (!stat.isFIFO() || !isSame(fifo, stat)) return false;
    const info = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1');
    const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8);
    return (flags & (O_PATH | constants.O_WRONLY)) === 0;
  } catch {
    return false;
  }
}
