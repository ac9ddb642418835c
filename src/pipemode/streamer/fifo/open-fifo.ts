import { spawn } from 'node:child_process';
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, unlinkSync } from 'node:fs';
import { abortError, onAbort } from '../../../bytes/abortable.ts';
import { RecordpipeError } from '../../../errors.ts';
import { fileError } from '../../../storage/local/file-errors.ts';

/** A named pipe that is ours, by its place on the disk: what has been put in its place since is somebody else's. */
export interface OwnFifo {
  readonly path: string;
  readonly dev: string;
  readonly ino: string;
}

/** Written by us alone, and read by everybody whom the umask allows to. */
const MODE = 0o644;

/**
 * Makes named pipes, all of them by one run of the `mkfifo` program: 64 in 7 ms.
 * @param lock a descriptor that holds the channel's lock. The program inherits it: if we are killed, nobody takes the channel over before it has made them
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `io-failure`; `unsupported-source` where there is no `mkfifo`
 */
export async function makeFifos(paths: readonly string[], lock: number | undefined): Promise<OwnFifo[]> {
  if (paths.length === 0) return [];
  await mkfifo(paths, lock);
  return paths.map((path) => ownFifo(path, statOf(path) as BigIntStats));
}

/** What stands at `path`, links not followed; undefined where there is nothing. */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    throw fileError(error, path);
  }
}

export function ownFifo(path: string, { dev, ino }: BigIntStats): OwnFifo {
  return { path, dev: String(dev), ino: String(ino) };
}

/** Whether the pipe is still the one that was made. */
export function isStillThere({ path, dev, ino }: OwnFifo): boolean {
  const there = statOf(path);
  return there?.isFIFO() === true && String(there.dev) === dev && String(there.ino) === ino;
}

function mkfifo(paths: readonly string[], lock: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const mode = (MODE & ~process.umask()).toString(8);
    const program = spawn('mkfifo', ['-m', mode, '--', ...paths], {
      stdio: ['ignore', 'ignore', 'pipe', ...(lock === undefined ? [] : [lock])],
    });
    let said = '';
    program.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    program.on('error', (error) => reject(failure(error, said, paths)));
    program.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(failure(new Error(`mkfifo ended with ${code ?? signal}`), said, paths));
    });
  });
}

function failure(error: Error, stderr: string, paths: readonly string[]): RecordpipeError {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    const what = 'there is no program `mkfifo`; install coreutils';
    return new RecordpipeError('unsupported-source', what, { uri: paths[0] }, error);
  }
  const said = stderr.trim().split('\n')[0];
  const uri = paths.find((path) => said.includes(path)) ?? paths[0];
  const [, code, next] = REASONS.find(([text]) => said.includes(text)) ?? ['', 'io-failure' as const, ''];
  const reason = said.replace(/^mkfifo: /, '') || error.message;
  return new RecordpipeError(code, `the named pipe could not be made: ${reason}${next}`, { uri }, error);
}

const REASONS = [
  ['File exists', 'already-exists', '; remove it, or choose another folder'],
  ['No such file', 'not-found', '; make the folder first'],
  ['Not a directory', 'not-found', ''],
  ['Permission denied', 'access-denied', '; choose a folder that you may write to'],
  ['Read-only', 'access-denied', '; choose a folder that you may write to'],
  ['name too long', 'io-failure', '; choose a shorter folder or channel name'],
] as const;

/** Opening so takes 8 to 10 microseconds where there is no reader, and never waits: a waiting one keeps a thread, and the process from ending. */
const FLAGS = constants.O_WRONLY | constants.O_NONBLOCK;
/** How often a reader is looked for: a reader that has opened the pipe gets its first byte at most so much later. */
const QUICK_PAUSE_MS = 5;
const PAUSE_MS = 10;
const QUICK_FOR_MS = 1000;
/** How often a reader is looked for that a pipe is held open for. */
const HOLD_MS = 50;

/** How a reader is waited for. */
export interface ReaderWait {
  /** Undefined: as long as it takes. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Waits until somebody has opened the pipe for reading, and opens it for writing.
 * @returns the descriptor
 * @throws RecordpipeError `reader-timeout`, `aborted`, `source-changed` where the pipe is not there any more, `io-failure`
 */
export async function openForReader(fifo: OwnFifo, { timeoutMs, signal }: ReaderWait): Promise<number> {
  const began = performance.now();
  for (;;) {
    if (signal.aborted) throw abortError(signal);
    const descriptor = openIfRead(fifo);
    if (descriptor !== undefined) return descriptor;
    const waited = performance.now() - began;
    if (timeoutMs !== undefined && waited >= timeoutMs) throw noReader(fifo, waited);
    const pause = waited < QUICK_FOR_MS ? QUICK_PAUSE_MS : PAUSE_MS;
    await pauseFor(timeoutMs === undefined ? pause : Math.min(pause, timeoutMs - waited), signal);
  }
}

/** Whether somebody has the pipe open for reading, or waits to. */
export function hasReader(fifo: OwnFifo): boolean {
  const descriptor = openIfRead(fifo);
  if (descriptor !== undefined) closeSync(descriptor);
  return descriptor !== undefined;
}

/** Keeps a pipe that has a reader open, without writing, until the reader has closed it or the signal fires. */
export async function holdOpen(fifo: OwnFifo, signal: AbortSignal): Promise<void> {
  let descriptor: number | undefined;
  try {
    descriptor = openIfRead(fifo);
    if (descriptor === undefined) return;
    while (!signal.aborted && hasReader(fifo)) await pauseFor(HOLD_MS, signal);
  } catch {
    // Its name is gone, and with it what there was to hold.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Takes a pipe away. A reader that waits in opening it, or comes while its name is still there, would wait for ever: it is let go, and finds an end without a byte.
 * What has been put in its place stays.
 */
export function removeFifo(fifo: OwnFifo): void {
  if (!isStillThere(fifo)) return;
  let descriptor: number | undefined;
  try {
    descriptor = letIn(fifo);
    unlinkSync(fifo.path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, fifo.path);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Opens the pipe so that no reader waits for a writer: for both, which Linux allows and which never waits; undefined where only writing is allowed and there is no reader. */
function letIn(fifo: OwnFifo): number | undefined {
  try {
    return openSync(fifo.path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return openIfRead(fifo);
  }
}

/**
 * Opens the pipe for writing if somebody has it open for reading, or waits to: who waits is let in.
 * @throws RecordpipeError `source-changed`, `access-denied`, `io-failure`
 */
export function openIfRead(fifo: OwnFifo): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(fifo.path, FLAGS | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO') return undefined;
    if (code === 'ENOENT' || code === 'ELOOP') throw replaced(fifo);
    throw fileError(error, fifo.path);
  }
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  if (String(dev) === fifo.dev && String(ino) === fifo.ino) return descriptor;
  closeSync(descriptor);
  throw replaced(fifo);
}

function replaced({ path }: OwnFifo): RecordpipeError {
  const what = 'the named pipe was removed or replaced while it was served; leave the pipes to the streamer';
  return new RecordpipeError('source-changed', what, { uri: path });
}

function noReader({ path }: OwnFifo, waitedMs: number): RecordpipeError {
  const what = `nobody opened the pipe for reading within ${Math.round(waitedMs)} ms; is the training program running, and does it read this channel?`;
  return new RecordpipeError('reader-timeout', what, { uri: path });
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    onAbort(signal, end);
  });
}
