import { fstatSync, ftruncateSync, readSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { abortError } from '../../bytes/abortable.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { pipePath, streamerLockPath } from '../job/channel-files.ts';
import { readSmallFile, withFileErrors } from '../job/config-file.ts';
import { withFileLock } from '../job/file-lock.ts';
import { hasItsName, makeFifos, type OwnFifo, ownFifo, removeFifo, statOf } from './fifo.ts';

/** Maximum time to wait for a lock whose holder is exiting. */
const WAIT_MS = 300;
/**
 * Maximum size of a note. Valid notes are smaller, because a channel has only a few pipes at a
 * time.
 */
const MAX_NOTE_BYTES = 64 * 1024;

/** The location of a channel's pipes. */
export interface FifoPlace {
  readonly folder: string;
  readonly channel: string;
  /** Whether existing pipes may be used. */
  readonly force: boolean;
}

/** The named pipes of a channel, one per epoch. */
export class ChannelFifos {
  readonly #place: FifoPlace;
  readonly #locked: LockedChannel;
  readonly #fifos = new Map<number, OwnFifo>();
  #leftovers: readonly OwnFifo[];
  /** Paths of existing pipes that this streamer took over. */
  readonly reused: string[] = [];

  constructor(place: FifoPlace, locked: LockedChannel) {
    this.#place = place;
    this.#locked = locked;
    this.#leftovers = locked.left;
  }

  get all(): OwnFifo[] {
    return [...this.#fifos.values()];
  }

  /** Returns the pipe of an epoch. Undefined if it was not created. */
  of(epoch: number): OwnFifo | undefined {
    return this.#fifos.get(epoch);
  }

  /**
   * Creates the missing pipes of the given epochs.
   * @throws RecordpipeError `already-exists`, `access-denied`, `not-found`, `io-failure`
   */
  async make(epochs: readonly number[]): Promise<void> {
    const missing = epochs.filter((epoch) => !this.#fifos.has(epoch) && !this.#takeOver(epoch));
    const paths = missing.map((epoch) => this.#path(epoch));
    this.#note(paths);
    try {
      const made = await makeFifos(paths, this.#locked.descriptor);
      for (const [i, epoch] of missing.entries()) this.#fifos.set(epoch, made[i]);
    } finally {
      this.#note();
    }
  }

  /** Removes the pipes of a killed streamer, except those that were taken over. */
  removeLeft(): void {
    for (const fifo of this.#leftovers) if (!this.#isInUse(fifo)) removeFifo(fifo);
    this.#leftovers = [];
    this.#note();
  }

  /** Removes the pipe of an epoch. A reader that is blocked in open receives an end of file. */
  remove(epoch: number): void {
    const fifo = this.#fifos.get(epoch);
    if (fifo === undefined) return;
    removeFifo(fifo);
    this.#fifos.delete(epoch);
    this.#note();
  }

  removeAll(): void {
    this.removeLeft();
    for (const epoch of [...this.#fifos.keys()]) this.remove(epoch);
  }

  #path(epoch: number): string {
    return pipePath(this.#place.folder, this.#place.channel, epoch);
  }

  #isInUse(fifo: OwnFifo): boolean {
    return this.all.some(({ ino, dev }) => ino === fifo.ino && dev === fifo.dev);
  }

  #note(making: readonly string[] = []): void {
    this.#locked.note([...this.all, ...this.#leftovers.filter((fifo) => !this.#isInUse(fifo))], making);
  }

  /** Takes over an existing pipe. @returns false if the pipe does not exist */
  #takeOver(epoch: number): boolean {
    const path = this.#path(epoch);
    const found = statOf(path);
    if (found === undefined) return false;
    if (!found.isFIFO()) {
      const kind = found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'symbolic link' : 'file';
      const what = `a ${kind} has the name of the channel's pipe; remove it, or choose another folder`;
      throw new RecordpipeError('already-exists', what, { uri: path });
    }
    const left = this.#leftovers.some((one) => one.path === path && hasItsName(one));
    if (!left && !this.#place.force) {
      const what = 'a named pipe with this name already exists; remove it, or reuse it (force)';
      throw new RecordpipeError('already-exists', what, { uri: path });
    }
    this.#fifos.set(epoch, ownFifo(path, found));
    this.reused.push(path);
    return true;
  }
}

/** The contents of a lock file, for users and for the next streamer after a crash. */
interface LockNote {
  readonly pid: number;
  readonly fifos: readonly OwnFifo[];
  /** Paths at which pipes are about to be created, where no file existed before. */
  readonly making?: readonly string[];
}

/** A channel that this streamer has locked. */
export interface LockedChannel {
  /**
   * Descriptor that holds the lock. Processes that inherit it hold the lock too. Undefined if there
   * is no lock.
   */
  readonly descriptor: number | undefined;
  /** Pipes of a killed streamer that still exist. */
  readonly left: readonly OwnFifo[];
  /**
   * Writes a note that lists this streamer's pipes and the paths at which it is about to create
   * pipes.
   */
  note(fifos: readonly OwnFifo[], making?: readonly string[]): void;
}

/** Options for locking a channel. */
export interface ChannelLocking {
  readonly folder: string;
  readonly channel: string;
  /** Kind of lock. `none` takes no lock and does not recognize the pipes of a killed streamer. */
  readonly lock: 'flock' | 'none';
  readonly signal: AbortSignal;
}

const NO_NOTE: LockNote = { pid: 0, fifos: [] };
const UNLOCKED: LockedChannel = { descriptor: undefined, left: [], note: () => {} };

/**
 * Runs `work` while no other streamer may serve the channel in this folder. The lock is a flock(2)
 * on a file, so it ends with its process, even after a crash. The file lists the pipes that would
 * remain if the streamer were killed.
 * @throws RecordpipeError `already-exists` if another streamer serves the channel, or if the path
 *   of the lock belongs to another file; `unsupported-source` if no way to lock exists; errors
 *   from `work`
 */
export async function withChannelLock<R>(
  locking: ChannelLocking,
  work: (locked: LockedChannel) => Promise<R>,
): Promise<R> {
  const { signal } = locking;
  if (locking.lock === 'none') {
    if (signal.aborted) throw abortError(signal);
    return work(UNLOCKED);
  }
  for (;;) {
    const done = await whileLocked(locking, work);
    if (done !== undefined) return done.result;
  }
}

/**
 * Runs `work` while the file is locked. Returns undefined if the file was removed during the wait,
 * because its lock then excludes no other streamer.
 */
async function whileLocked<R>(
  locking: ChannelLocking,
  work: (locked: LockedChannel) => Promise<R>,
): Promise<{ result: R } | undefined> {
  const { folder, channel, signal } = locking;
  const path = streamerLockPath(folder, channel);
  let ours = false;
  try {
    // Passes no signal, because an aborted wait would leave the file that it created.
    return await withFileLock(path, { timeoutMs: WAIT_MS, signal: undefined }, async (descriptor) => {
      if (!hasName(descriptor, path)) return undefined;
      const left = leftBy(noteOf(descriptor, path), locking);
      ours = true;
      try {
        const note = (fifos: readonly OwnFifo[], making: readonly string[] = []): void =>
          write(descriptor, path, { pid: process.pid, fifos, making });
        note(left);
        if (signal.aborted && left.length === 0) throw abortError(signal); // Otherwise, `work` removes the remaining pipes first.
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

/**
 * Removes an unused lock file. An attempt to lock creates the file, and a holder writes a note into
 * it.
 */
function removeUnused(path: string): void {
  try {
    const stat = statOf(path);
    if (stat?.isFile() && stat.size === 0n) unlinkSync(path);
  } catch {
    // The file belongs to another user.
  }
}

function hasName(descriptor: number, path: string): boolean {
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  return named !== undefined && named.ino === fstatSync(descriptor, { bigint: true }).ino;
}

function served(path: string, channel: string): RecordpipeError {
  let who = '';
  try {
    const { pid } = parsed(readSmallFile(path)) ?? { pid: 0 };
    if (pid > 0) who = `, process ${pid},`;
  } catch {
    // The file does not exist or is not readable.
  }
  const what = `another streamer${who} is serving channel ${channel} in this folder; stop it, or choose another folder`;
  return new RecordpipeError('already-exists', what, { uri: path });
}

/**
 * Returns the pipes in a note that may be removed. These are pipes of the channel in its own
 * folder; a pipe that was only about to be created must also belong to the current user. The
 * restriction is necessary because anyone with write access to the folder could put any path into
 * the note.
 */
function leftBy({ fifos, making = [] }: LockNote, { folder, channel }: ChannelLocking): OwnFifo[] {
  const prefix = pipePath(folder, channel, 0).slice(0, -1);
  const isPlace = (path: unknown): path is string =>
    typeof path === 'string' && path.startsWith(prefix) && /^\d+$/.test(path.slice(prefix.length));
  const made = making.filter(isPlace).flatMap((path) => {
    const found = statOf(path);
    return found?.isFIFO() && isOurs(found.uid) ? [ownFifo(path, found)] : [];
  });
  return [...fifos.filter(({ path }) => isPlace(path)), ...made];
}

function isOurs(uid: bigint): boolean {
  return Number(uid) === process.getuid?.();
}

/**
 * Reads the note in a lock file. Ignores a note of another user.
 * @throws RecordpipeError `already-exists` if the file has other contents, which must not be
 *   overwritten
 */
function noteOf(descriptor: number, path: string): LockNote {
  const stat = fstatSync(descriptor, { bigint: true });
  if (stat.size === 0n) return NO_NOTE;
  const bytes = Buffer.alloc(MAX_NOTE_BYTES);
  const note = parsed(bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, 0)));
  if (note !== undefined) return isOurs(stat.uid) && stat.nlink === 1n ? note : NO_NOTE;
  const what = 'the file is not a recordpipe lock file; move it, or choose another folder';
  throw new RecordpipeError('already-exists', what, { uri: path });
}

function parsed(text: string): LockNote | undefined {
  try {
    const note = JSON.parse(text.split('\n', 1)[0]) as LockNote;
    const { pid, fifos, making = [] } = note;
    const valid = Number.isInteger(pid) && Array.isArray(fifos) && Array.isArray(making);
    return valid && fifos.every((fifo) => typeof fifo?.path === 'string') ? note : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes a note in place, because the lock belongs to this file and not to a replacement. The first
 * line is always a valid note, even if the process is killed before it truncates a longer note.
 */
function write(descriptor: number, path: string, note: LockNote): void {
  const bytes = Buffer.from(`${JSON.stringify(note)}\n`);
  withFileErrors(path, () => {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
    ftruncateSync(descriptor, bytes.length);
  });
}
