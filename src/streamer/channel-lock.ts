import { fstatSync, ftruncateSync, readFileSync, rmSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { abortError } from '../bytes/abortable.ts';
import { fileError } from '../bytes/file-errors.ts';
import { isRecordpipeError, RecordpipeError } from '../errors.ts';
import { withFileLock } from '../pipemode/file-lock.ts';
import { type OwnFifo, ownFifo, statOf } from './fifo/make-fifos.ts';

/** So long a lock that somebody is just giving up is waited for. */
const WAIT_MS = 300;

/** What the lock file of a channel says, for people, and for a streamer that comes after one that was killed. */
interface LockNote {
  readonly pid: number;
  readonly fifos: readonly OwnFifo[];
  /** Where pipes were about to be made: nothing was there. */
  readonly making?: readonly string[];
}

/** A channel that is ours alone. */
export interface LockedChannel {
  /** It holds the lock, and whoever else has it open. */
  readonly descriptor: number;
  /** Pipes that a streamer before us made and could not take away. */
  readonly left: readonly OwnFifo[];
  /** Writes down which pipes are ours, and where some are about to be made. */
  note(fifos: readonly OwnFifo[], making?: readonly string[]): void;
}

/**
 * Does something while no other streamer may serve the channel in this folder. The lock is flock(2) on a file: it goes with its process, however that ends, so that
 * there are none left over; what the file says are the pipes that may be.
 * @throws RecordpipeError `already-exists` where another streamer serves the channel; whatever `work` throws
 */
export async function withChannelLock<R>(
  folder: string,
  channel: string,
  signal: AbortSignal,
  work: (locked: LockedChannel) => Promise<R>,
): Promise<R> {
  const path = join(folder, `.recordpipe-${channel}.lock`);
  for (;;) {
    const done = await whileLocked(path, channel, signal, work);
    if (done !== undefined) return done.result;
  }
}

/** Undefined where the file was removed while its lock was waited for: then it is nobody's. */
async function whileLocked<R>(
  path: string,
  channel: string,
  signal: AbortSignal,
  work: (locked: LockedChannel) => Promise<R>,
): Promise<{ result: R } | undefined> {
  let ours = false;
  try {
    // Not given up while it is waited for: the file, which may have been made for it, would be left.
    return await withFileLock(path, { timeoutMs: WAIT_MS, signal: undefined }, async (descriptor) => {
      ours = true;
      if (!hasName(descriptor, path)) return undefined;
      const left = leftBy(noteOf(path));
      const note = (fifos: readonly OwnFifo[], making: readonly string[] = []): void =>
        write(descriptor, path, { pid: process.pid, fifos, making });
      note(left);
      try {
        if (signal.aborted && left.length === 0) throw abortError(signal); // with some left, they are taken away first
        return { result: await work({ descriptor, left, note }) };
      } finally {
        unlinkSync(path);
      }
    });
  } catch (error) {
    if (ours) throw error;
    if (isRecordpipeError(error, 'pipe-timeout'))
      throw signal.aborted ? abortError(signal) : served(path, channel);
    removeUnused(path);
    throw error;
  }
}

/** Waiting for a lock makes its file; who holds it has written something into it. */
function removeUnused(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path, { force: true });
}

function hasName(descriptor: number, path: string): boolean {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there !== undefined && there.ino === fstatSync(descriptor, { bigint: true }).ino;
}

function served(path: string, channel: string): RecordpipeError {
  const { pid } = noteOf(path);
  const who = pid > 0 ? `, process ${pid},` : '';
  const what = `another streamer${who} serves channel ${channel} in this folder; stop it, or choose another folder`;
  return new RecordpipeError('already-exists', what, { uri: path });
}

function leftBy({ fifos, making = [] }: LockNote): OwnFifo[] {
  const made = making.flatMap((path) => {
    const there = statOf(path);
    return there?.isFIFO() ? [ownFifo(path, there)] : [];
  });
  return [...fifos, ...made];
}

function noteOf(path: string): LockNote {
  try {
    const [line] = readFileSync(path, 'utf8').split('\n', 1);
    const note = JSON.parse(line) as LockNote;
    if (Number.isInteger(note.pid) && Array.isArray(note.fifos)) return note;
  } catch {
    // Just made.
  }
  return { pid: 0, fifos: [] };
}

/**
 * In place: the lock belongs to this file, and not to one that would take its name. At no moment is there no note in it: who is killed before the end of a longer one is cut off leaves
 * a first line that holds.
 */
function write(descriptor: number, path: string, note: LockNote): void {
  try {
    const written = writeSync(descriptor, `${JSON.stringify(note)}\n`, 0);
    ftruncateSync(descriptor, written);
  } catch (error) {
    throw fileError(error, path);
  }
}
