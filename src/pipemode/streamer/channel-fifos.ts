import { RecordpipeError } from '../../errors.ts';
import { pipePath } from '../job/channel-files.ts';
import type { LockedChannel } from './channel-lock.ts';
import { hasItsName, makeFifos, type OwnFifo, ownFifo, removeFifo, statOf } from './fifo.ts';

/** The pipes of a channel. */
export interface FifoPlace {
  readonly folder: string;
  readonly channel: string;
  /** Whether to use existing pipes. */
  readonly force: boolean;
}

/** The named pipes of a channel, one per epoch. */
export class ChannelFifos {
  readonly #place: FifoPlace;
  readonly #locked: LockedChannel;
  readonly #fifos = new Map<number, OwnFifo>();
  #left: readonly OwnFifo[];
  /** Existing pipes that this streamer took over. */
  readonly reused: string[] = [];

  constructor(place: FifoPlace, locked: LockedChannel) {
    this.#place = place;
    this.#locked = locked;
    this.#left = locked.left;
  }

  get all(): OwnFifo[] {
    return [...this.#fifos.values()];
  }

  /** The pipe of an epoch, which must exist. */
  of(epoch: number): OwnFifo {
    return this.#fifos.get(epoch) as OwnFifo;
  }

  /**
   * Creates the missing pipes of these epochs.
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

  /** Removes the pipes that a killed streamer left, except those taken over. */
  removeLeft(): void {
    for (const fifo of this.#left) if (!this.#isInUse(fifo)) removeFifo(fifo);
    this.#left = [];
    this.#note();
  }

  /** Removes the pipe of an epoch. A reader that waits in open gets an end of file. */
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
    this.#locked.note([...this.all, ...this.#left.filter((fifo) => !this.#isInUse(fifo))], making);
  }

  /** Takes over an existing pipe. @returns false if nothing exists */
  #takeOver(epoch: number): boolean {
    const path = this.#path(epoch);
    const found = statOf(path);
    if (found === undefined) return false;
    if (!found.isFIFO()) {
      const kind = found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'symbolic link' : 'file';
      const what = `a ${kind} has the name of the channel's pipe; remove it, or choose another folder`;
      throw new RecordpipeError('already-exists', what, { uri: path });
    }
    const left = this.#left.some((one) => one.path === path && hasItsName(one));
    if (!left && !this.#place.force) {
      const what = 'a named pipe of this name already exists; remove it, or use it (force)';
      throw new RecordpipeError('already-exists', what, { uri: path });
    }
    this.#fifos.set(epoch, ownFifo(path, found));
    this.reused.push(path);
    return true;
  }
}
