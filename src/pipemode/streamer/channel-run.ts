import { closeSync } from 'node:fs';
import { isRecordpipeError, type RecordpipeError } from '../../errors.ts';
import type { ChannelContent, EpochBytes } from './channel-content.ts';
import { ChannelFifos, type LockedChannel, withChannelLock } from './channel-fifos.ts';
import { hasReader, holdOpen, type OwnFifo, openForReader, openIfRead, UnreadBytes } from './fifo.ts';
import { FifoWriter, leftEarly, pump } from './fifo-writer.ts';
import type { ProgramGuard } from './program-guard.ts';
import {
  type ChannelMetrics,
  type OnStreamEvent,
  removeStatus,
  type StreamSource,
  writeStatus,
} from './stream-events.ts';
import type { CheckedStreamerOptions } from './streamer-options.ts';

/** Options for serving a channel. */
export interface ChannelServing
  extends Pick<
    CheckedStreamerOptions,
    'epochs' | 'firstEpoch' | 'force' | 'lazy' | 'lock' | 'onFailure' | 'readerTimeoutMs' | 'strictEof'
  > {
  readonly channel: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onEvent: OnStreamEvent;
  /** Lists the content of the channel. */
  open(signal: AbortSignal): Promise<ChannelContent>;
  /** Starts fetching an epoch. */
  fetch(content: ChannelContent, epoch: number): EpochBytes;
  /**
   * Called before a pipe with incomplete data is closed, because its reader would treat the close
   * as the end of the data.
   */
  beforeCut(error: unknown): Promise<void>;
  /** Guards the writing end of a pipe that a program reads, in case this process dies. */
  guard(descriptor: number): ProgramGuard | undefined;
}

/**
 * Interval of the checks for a stalled reader, and the number of checks without progress that
 * indicate a stall.
 */
const STALL_CHECK_MS = 1000;
const STALL_CHECKS = 2;

/**
 * Serves one channel, epoch by epoch. For each epoch, waits for a reader, writes the bytes, closes
 * and removes the pipe, and creates the pipe after the next. The pipes of the current and the next
 * epoch exist at the same time.
 */
export class ChannelRun {
  readonly #serving: ChannelServing;
  #state: ChannelMetrics['state'] = 'listing';
  #epoch: number;
  #epochs = 0;
  #began = 0;
  #total: number | undefined;
  /** Totals of all earlier epochs. */
  #earlier = { bytes: 0, requests: 0, retries: 0 };
  #content: ChannelContent | undefined;
  #writer: FifoWriter | undefined;
  #bytes: EpochBytes | undefined;
  #nextBytes: EpochBytes | undefined;
  #clock = { sourceWaitMs: 0 };
  /**
   * The writing end of the next epoch's pipe, if its reader connected while this epoch was unread.
   */
  #early: number | undefined;

  constructor(serving: ChannelServing) {
    this.#serving = serving;
    this.#epoch = serving.firstEpoch;
  }

  get metrics(): ChannelMetrics {
    const { bytes = 0, blockedMs = 0 } = this.#writer?.stats ?? {};
    const { requests = 0, retries = 0 } = this.#bytes?.counts ?? {};
    return {
      channel: this.#serving.channel,
      state: this.#state,
      epoch: this.#epoch,
      epochBytes: bytes,
      epochTotalBytes: this.#total,
      bytes: this.#earlier.bytes + bytes,
      epochs: this.#epochs,
      epochMs: this.#began === 0 ? 0 : performance.now() - this.#began,
      readerWaitMs: blockedMs,
      sourceWaitMs: this.#clock.sourceWaitMs,
      source: this.#source,
      requests: this.#earlier.requests + requests,
      retries: this.#earlier.retries + retries,
    };
  }

  get #source(): StreamSource {
    const content = this.#content;
    if (content === undefined || content.files) return 'disk';
    return content.valueless ? 'S3' : 'objects';
  }

  /**
   * Serves the channel until all epochs have been read.
   * @throws RecordpipeError if the channel fails
   */
  async run(): Promise<void> {
    const { folder, channel, lock, signal, onEvent, open } = this.#serving;
    // Loading the S3 client starts first, because it takes longer than locking and creating pipes.
    const giveUp = new AbortController();
    const opening = open(AbortSignal.any([signal, giveUp.signal]));
    opening.catch(() => {}); // Rethrown when awaited.
    try {
      await withChannelLock({ folder, channel, lock, signal }, (locked) => this.#serve(locked, opening));
      this.#state = 'done';
    } catch (error) {
      this.#state = 'failed';
      if (isRecordpipeError(error) && error.code !== 'aborted') {
        const epoch = this.#began === 0 ? null : this.#epoch;
        onEvent({ event: 'failure', channel, epoch, error });
      }
      throw error;
    } finally {
      giveUp.abort();
      await opening.then(
        (content) => content.close(),
        () => {},
      );
    }
  }

  async #serve(locked: LockedChannel, opening: Promise<ChannelContent>): Promise<void> {
    const { channel, folder, force, firstEpoch, epochs, onEvent } = this.#serving;
    const fifos = new ChannelFifos({ folder, channel, force }, locked);
    removeStatus(folder, channel);
    try {
      const end = firstEpoch + epochs;
      // Pipes are created before listing, so that a program that starts at the same time finds its
      // first pipe.
      await fifos.make([firstEpoch, firstEpoch + 1].filter((epoch) => epoch < end));
      fifos.removeLeft();
      this.#content = await opening;
      onEvent({ event: 'channel', channel, objects: this.#content.count, reused: fifos.reused });
      for (let epoch = firstEpoch; epoch < end; epoch++) {
        const next = epoch + 1 < end ? fifos.of(epoch + 1) : undefined;
        await this.#serveEpoch(epoch, this.#content, fifos.of(epoch), next);
        fifos.remove(epoch);
        if (epoch + 2 < end) await fifos.make([epoch + 2]);
      }
    } catch (error) {
      // Removing a pipe also sends an end of file to a reader that is blocked in open.
      await this.#beforeCut(error, fifos.all);
      throw error;
    } finally {
      this.#closeEarly();
      await this.#bytes?.cancel();
      await this.#nextBytes?.cancel();
      fifos.removeAll();
    }
  }

  /** Prevents readers, as far as possible, from treating an incomplete epoch as complete. */
  async #beforeCut(error: unknown, fifos: readonly OwnFifo[]): Promise<void> {
    const { beforeCut, onFailure, signal } = this.#serving;
    await beforeCut(error);
    if (onFailure === 'hold') await Promise.all(fifos.map((fifo) => holdOpen(fifo, signal)));
  }

  async #serveEpoch(
    epoch: number,
    content: ChannelContent,
    fifo: OwnFifo,
    next: OwnFifo | undefined,
  ): Promise<void> {
    const { channel, lazy, onEvent, fetch, signal, readerTimeoutMs } = this.#serving;
    this.#epoch = epoch;
    this.#state = 'waiting';
    this.#total = content.bytesOf(epoch);
    if (!lazy) this.#bytes = this.#nextBytes ?? fetch(content, epoch);
    this.#nextBytes = undefined;
    const early = this.#takeEarly(fifo);
    const descriptor = early ?? (await openForReader(fifo, { timeoutMs: readerTimeoutMs, signal }));
    this.#began = performance.now();
    this.#state = 'streaming';
    const writer = new FifoWriter(fifo, descriptor, signal);
    this.#writer = writer;
    this.#clock = { sourceWaitMs: 0 };
    const bytes = this.#bytes ?? fetch(content, epoch);
    this.#bytes = bytes;
    onEvent({ event: 'epoch-start', channel, epoch, objects: content.countHere });
    this.#status('streaming', false);
    if (next !== undefined && !lazy) {
      void bytes.allRequested.then(() => {
        if (this.#bytes === bytes && !signal.aborted) this.#nextBytes ??= fetch(content, epoch + 1);
      });
    }
    const watch = next && this.#watchNext(epoch, next, writer);
    const complete = await this.#write(fifo, writer, bytes, descriptor).finally(() => clearInterval(watch));
    const seconds = (performance.now() - this.#began) / 1000;
    const { bytes: delivered, blockedMs: readerWaitMs } = writer.stats;
    this.#earlier.bytes += delivered;
    this.#earlier.requests += bytes.counts.requests;
    this.#earlier.retries += bytes.counts.retries;
    this.#epochs++;
    this.#status(next === undefined ? 'done' : 'streaming', complete);
    this.#writer = undefined;
    this.#bytes = undefined;
    const { sourceWaitMs } = this.#clock;
    const times = { seconds, readerWaitMs, sourceWaitMs };
    onEvent({
      event: 'epoch-end',
      channel,
      epoch,
      bytes: delivered,
      complete,
      ...times,
      source: this.#source,
    });
  }

  /** Writes an epoch. @returns whether all bytes were delivered */
  async #write(fifo: OwnFifo, writer: FifoWriter, bytes: EpochBytes, descriptor: number): Promise<boolean> {
    const { strictEof, signal } = this.#serving;
    let guard: ProgramGuard | undefined;
    let unread: UnreadBytes | undefined;
    try {
      guard = this.#serving.guard(descriptor);
      writer.watchReader(() => void bytes.cancel());
      const written = await pump(bytes, writer, this.#clock);
      if (strictEof && written) {
        await writer.flush();
        unread = writer.readerGone ? undefined : UnreadBytes.of(fifo);
      }
      await writer.end();
      await guard?.release();
      const complete = written && !writer.readerGone && ((await unread?.count(signal)) ?? 0) === 0;
      if (!complete) await bytes.cancel();
      if (!complete && strictEof) throw leftEarly(fifo, writer.stats.bytes);
      return complete;
    } catch (thrown) {
      const gone = writer.readerGone || isUnread(fifo);
      if (gone && !strictEof) return false;
      // If the streamer is stopped after its reader left early, the epoch still ends normally.
      const early = gone && isRecordpipeError(thrown, 'aborted');
      const error = early ? leftEarly(fifo, writer.stats.bytes) : thrown;
      this.#status('failed', false, isRecordpipeError(error) ? error : undefined);
      await this.#beforeCut(error, [fifo]);
      throw error;
    } finally {
      unread?.close();
      await guard?.release();
      await writer.destroy();
    }
  }

  /**
   * Warns if a program opens the next epoch's pipe and stops reading this one, because each side
   * then waits forever for the other. Checking a pipe for a reader unblocks the reader's open, so
   * the writing end is kept.
   */
  #watchNext(epoch: number, next: OwnFifo, writer: FifoWriter): ReturnType<typeof setInterval> {
    const { channel, onEvent } = this.#serving;
    let last = -1;
    let stalled = 0;
    const timer = setInterval(() => {
      const { bytes } = writer.stats;
      stalled = bytes === last && writer.waiting ? stalled + 1 : 0;
      last = bytes;
      if (stalled < STALL_CHECKS || this.#early !== undefined) return;
      try {
        this.#early = openIfRead(next);
      } catch {
        return; // Rethrown when its epoch starts.
      }
      if (this.#early === undefined) return;
      onEvent({ event: 'warning', channel, code: 'unread-epoch', message: unreadEpoch(epoch, bytes) });
    }, STALL_CHECK_MS);
    timer.unref();
    return timer;
  }

  /** Returns the kept writing end if its reader is still connected. */
  #takeEarly(fifo: OwnFifo): number | undefined {
    if (this.#early !== undefined && isUnread(fifo)) this.#closeEarly();
    const early = this.#early;
    this.#early = undefined;
    return early;
  }

  #closeEarly(): void {
    if (this.#early !== undefined) closeSync(this.#early);
    this.#early = undefined;
  }

  #status(state: 'streaming' | 'done' | 'failed', complete: boolean, failure?: RecordpipeError): void {
    const { folder, channel } = this.#serving;
    const bytes = this.#writer?.stats.bytes ?? 0;
    const error = failure?.toJSON() ?? null;
    writeStatus(folder, { channel, epoch: this.#epoch, state, bytes, complete, error });
  }
}

/**
 * Reports whether no process has the pipe open for reading. A pipe that lost its name may still
 * have its reader.
 */
function isUnread(fifo: OwnFifo): boolean {
  try {
    return !hasReader(fifo);
  } catch {
    return false;
  }
}

function unreadEpoch(epoch: number, bytes: number): string {
  return [
    `the pipe of epoch ${epoch + 1} was opened while epoch ${epoch} is unread`,
    `the program took ${bytes} bytes of epoch ${epoch} and has stopped reading it, so it waits forever`,
    'read one epoch to its end, or close its pipe, before opening the next; with Keras, pass steps_per_epoch to model.fit',
  ].join('; ');
}
