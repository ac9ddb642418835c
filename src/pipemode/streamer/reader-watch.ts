import { closeSync } from 'node:fs';
import {
  checkName,
  hasReader,
  type OwnFifo,
  openIfRead,
  openUnread,
  type ReaderWait,
  waitForReader,
} from './fifo.ts';
import type { ProgramGuard } from './program-guard.ts';
import type { OnStreamEvent } from './stream-events.ts';

/** Times of the checks, in milliseconds. Tests shorten them. */
export const WATCH_TIMES = {
  /** Interval of the checks. */
  checkMs: 1000,
  /** Time without progress after which the pipe of the next epoch is checked for a reader. */
  stalledMs: 2000,
  /** Time after which a channel that has no reader, or an idle one, is reported. */
  idleMs: 30_000,
};

/** The writing end of a pipe, and the guard that keeps it open if this process dies. */
export interface WritingEnd {
  readonly descriptor: number;
  readonly guard: ProgramGuard | undefined;
}

/** A writing end whose reader may not have connected. */
type WaitingEnd = { -readonly [K in keyof WritingEnd]: WritingEnd[K] | undefined };

/** The state of an epoch's reader. */
export interface EpochReading {
  /**
   * `unopened`: no process has opened the pipe. `unread`: bytes wait for the reader. `read`: the
   * reader waits for bytes.
   */
  readonly state: 'unopened' | 'unread' | 'read';
  /** Number of bytes accepted by the pipe. */
  readonly bytes: number;
}

/** The channel whose readers are watched. */
export interface WatchedChannel {
  readonly channel: string;
  readonly firstEpoch: number;
  readonly onEvent: OnStreamEvent;
  guard(fifo: OwnFifo): ProgramGuard | undefined;
}

/**
 * Watches the readers of a channel and warns if the program waits for something that will never
 * happen. Otherwise, the program and the streamer would silently wait for each other.
 */
export class ReaderWatch {
  readonly #watched: WatchedChannel;
  #timer: ReturnType<typeof setInterval> | undefined;
  /**
   * The writing ends of pipes whose epochs have not started. Checking a pipe for a reader unblocks
   * the reader's open, so the writing end is kept.
   */
  readonly #ends = new Map<OwnFifo, WaitingEnd>();

  constructor(watched: WatchedChannel) {
    this.#watched = watched;
  }

  /**
   * Watches the reader of an epoch. Stops watching the previous epoch.
   * @param nextFifo returns the pipe of the next epoch, if it exists
   */
  start(epoch: number, nextFifo: () => OwnFifo | undefined, reading: () => EpochReading): void {
    this.stop();
    let last = reading();
    let since = performance.now();
    let isReported = false;
    this.#timer = setInterval(() => {
      const now = reading();
      if (now.state === 'read' || now.state !== last.state || now.bytes !== last.bytes) {
        last = now;
        since = performance.now();
        return;
      }
      const waited = performance.now() - since;
      const next = nextFifo();
      if (
        waited >= WATCH_TIMES.stalledMs &&
        next !== undefined &&
        this.#ends.get(next)?.descriptor === undefined &&
        this.#canOpen(next)
      )
        this.#warn('unread-epoch', unreadEpoch(epoch, now));
      if (waited < WATCH_TIMES.idleMs || isReported) return;
      isReported = true;
      if (now.state === 'unread') this.#warn('idle-reader', idleReader(epoch, now.bytes, waited));
      else if (epoch === this.#watched.firstEpoch)
        this.#warn('unopened-channel', unopenedChannel(epoch, waited));
    }, WATCH_TIMES.checkMs);
    this.#timer.unref();
  }

  /**
   * Watches the pipe after the last epoch, which never receives data, until the program ends.
   * @param epochs the number of epochs that were served
   * @returns whether a reader opened the pipe
   */
  async beyond(
    fifo: OwnFifo,
    epochs: number,
    ended: Promise<unknown>,
    signal: AbortSignal,
  ): Promise<boolean> {
    this.stop();
    let openedAt: number | undefined;
    let isReported = false;
    this.#timer = setInterval(() => {
      if (openedAt === undefined && this.#canOpen(fifo)) openedAt = performance.now();
      if (openedAt === undefined || isReported || performance.now() - openedAt < WATCH_TIMES.idleMs) return;
      isReported = true;
      this.#warn('no-more-epochs', noMoreEpochs(fifo, epochs));
    }, WATCH_TIMES.checkMs);
    this.#timer.unref();
    await new Promise<void>((resolve) => {
      void ended.catch(() => {}).then(() => resolve());
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.stop();
    return this.#isHeld(fifo);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Waits until a process opens the pipe for reading, then opens it for writing.
   * @throws RecordpipeError `reader-timeout`, `aborted`, `source-changed` if the pipe no longer
   *   exists, `io-failure`
   */
  async open(fifo: OwnFifo, wait: ReaderWait): Promise<WritingEnd> {
    if (this.#isHeld(fifo) && isUnread(fifo)) await this.#close(fifo);
    await waitForReader(fifo, wait, () => this.#open(fifo));
    const end = this.#ends.get(fifo) as WritingEnd;
    this.#ends.delete(fifo);
    return end;
  }

  async close(): Promise<void> {
    for (const fifo of [...this.#ends.keys()]) await this.#close(fifo);
  }

  async #close(fifo: OwnFifo): Promise<void> {
    const { descriptor, guard } = this.#ends.get(fifo) as WaitingEnd;
    this.#ends.delete(fifo);
    if (descriptor !== undefined) closeSync(descriptor);
    await guard?.release();
  }

  /** Whether this process or a guard has the pipe open, so that checking it for a reader is safe. */
  #isHeld(fifo: OwnFifo): boolean {
    const end = this.#ends.get(fifo);
    return end?.descriptor !== undefined || end?.guard?.isOpen === true;
  }

  #canOpen(fifo: OwnFifo): boolean {
    try {
      return this.#open(fifo);
    } catch {
      return false; // Rethrown when its epoch starts.
    }
  }

  /**
   * Opens a pipe if it has a reader. If a program reads it, its guard opens it first, so that the
   * program never sees a pipe that only this process holds.
   * @returns whether it has a reader
   */
  #open(fifo: OwnFifo): boolean {
    const end = this.#ends.get(fifo) ?? { descriptor: undefined, guard: undefined };
    if (end.descriptor !== undefined) return true;
    this.#ends.set(fifo, end);
    end.guard ??= this.#watched.guard(fifo);
    if (end.guard === undefined || end.guard.isOpen === false) end.descriptor = openIfRead(fifo);
    else if (end.guard.isOpen) end.descriptor = openUnread(fifo);
    else checkName(fifo);
    return end.descriptor !== undefined;
  }

  #warn(code: string, message: string): void {
    const { channel, onEvent } = this.#watched;
    onEvent({ event: 'warning', channel, code, message });
  }
}

/**
 * Reports whether no process has the pipe open for reading. Returns false if the pipe no longer has
 * a name, because it may still have its reader.
 */
export function isUnread(fifo: OwnFifo): boolean {
  try {
    return !hasReader(fifo);
  } catch {
    return false;
  }
}

function unreadEpoch(epoch: number, { state, bytes }: EpochReading): string {
  const what =
    state === 'unopened'
      ? [
          `no process has opened the pipe of epoch ${epoch}, so the program waits forever for epoch ${epoch + 1}`,
          `to start the program with epoch ${epoch}, remove its pipe_mode-state file; otherwise, pass firstEpoch: ${epoch + 1}`,
        ]
      : [
          `the program read ${bytes} bytes of epoch ${epoch} and then stopped, so it waits forever`,
          'read an epoch to its end, or close its pipe, before opening the next; with Keras, pass steps_per_epoch to model.fit',
        ];
  return [`the pipe of epoch ${epoch + 1} was opened while epoch ${epoch} is unread`, ...what].join('; ');
}

function idleReader(epoch: number, bytes: number, ms: number): string {
  return `the program read ${bytes} bytes of epoch ${epoch} and then nothing for ${seconds(ms)}; unless the program is busy, check what it is waiting for`;
}

function unopenedChannel(epoch: number, ms: number): string {
  return `no process has opened the pipe of epoch ${epoch} for ${seconds(ms)}; check the channel name in the program, or remove the channel if the program does not read it`;
}

function noMoreEpochs(fifo: OwnFifo, epochs: number): string {
  const number = epochs === 1 ? '1 epoch' : `${epochs} epochs`;
  return `the program opened ${fifo.path}, but the channel ends after ${number}, so the program waits forever; read fewer epochs, or pass epochs: ${epochs + 1} or more`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
