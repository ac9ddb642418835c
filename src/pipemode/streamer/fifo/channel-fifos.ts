import { join } from 'node:path';
import { RecordpipeError } from '../../../errors.ts';
import type { LockedChannel } from '../channel-lock.ts';
import { isStillThere, makeFifos, type OwnFifo, ownFifo, removeFifo, statOf } from './open-fifo.ts';

/** Where a channel's pipes are. */
export interface FifoPlace {
  readonly folder: string;
  readonly channel: string;
  /** Whether pipes that are there already are used. */
  readonly force: boolean;
}

/** The named pipes of a channel, one for each epoch, of which the next is always there before the one before it ends. */
export class ChannelFifos {
  readonly #place: FifoPlace;
  readonly #locked: LockedChannel;
  readonly #fifos = new Map<number, OwnFifo>();
  #left: readonly OwnFifo[];
  /** Pipes that a killed streamer left, and this one goes on with. */
  readonly reused: string[] = [];

  constructor(place: FifoPlace, locked: LockedChannel) {
    this.#place = place;
    this.#locked = locked;
    this.#left = locked.left;
  }

  /** The path of an epoch's pipe, as SageMaker names it. */
  path(epoch: number): string {
    return join(this.#place.folder, `${this.#place.channel}_${epoch}`);
  }

  /** The pipes that exist. */
  get all(): OwnFifo[] {
    return [...this.#fifos.values()];
  }

  /** The pipe of an epoch, which has been made. */
  of(epoch: number): OwnFifo {
    return this.#fifos.get(epoch) as OwnFifo;
  }

  /**
   * Makes the pipes of these epochs, those that are missing.
   * @throws RecordpipeError `already-exists`, `access-denied`, `not-found`, `io-failure`
   */
  async make(epochs: readonly number[]): Promise<void> {
    const missing = epochs.filter((epoch) => !this.#fifos.has(epoch) && !this.#takeOver(epoch));
    const paths = missing.map((epoch) => this.path(epoch));
    this.#note(paths);
    try {
      const made = await makeFifos(paths, this.#locked.descriptor);
      for (const [i, epoch] of missing.entries()) this.#fifos.set(epoch, made[i]);
    } finally {
      this.#note();
    }
  }

  /** Takes away pipes that a killed streamer left and that are not gone on with. */
  removeLeft(): void {
    for (const fifo of this.#left) if (!this.#isOurs(fifo)) removeFifo(fifo);
    this.#left = [];
    this.#note();
  }

  /** Takes away the pipe of an epoch; a reader that waits in opening it is let go. */
  remove(epoch: number): void {
    const fifo = this.#fifos.get(epoch);
    if (fifo === undefined) return;
    removeFifo(fifo);
    this.#fifos.delete(epoch);
    this.#note();
  }

  /** All of them, and those that a killed streamer left. */
  removeAll(): void {
    this.removeLeft();
    for (const epoch of [...this.#fifos.keys()]) this.remove(epoch);
  }

  #isOurs(fifo: OwnFifo): boolean {
    return [...this.#fifos.values()].some(({ ino, dev }) => ino === fifo.ino && dev === fifo.dev);
  }

  #note(making: readonly string[] = []): void {
    const left = this.#left.filter((fifo) => !this.#isOurs(fifo));
    this.#locked.note([...this.#fifos.values(), ...left], making);
  }

  /** Whether there is a pipe already that may be used. */
  #takeOver(epoch: number): boolean {
    const path = this.path(epoch);
    const there = statOf(path);
    if (there === undefined) return false;
    if (!there.isFIFO()) {
      const kind = there.isDirectory() ? 'a folder' : there.isSymbolicLink() ? 'a symbolic link' : 'a file';
      const what = `${kind} is where the channel's pipe has to be; remove it, or choose another folder`;
      throw new RecordpipeError('already-exists', what, { uri: path });
    }
    const fifo = ownFifo(path, there);
    const left = this.#left.some((one) => one.path === path && isStillThere(one));
    if (!left && !this.#place.force) {
      const what = 'a named pipe of this name already exists; remove it, or use it (force)';
      throw new RecordpipeError('already-exists', what, { uri: path });
    }
    this.#fifos.set(epoch, fifo);
    this.reused.push(path);
    return true;
  }
}
