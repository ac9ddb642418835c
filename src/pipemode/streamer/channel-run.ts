import { closeSync } from 'node:fs';
import { isRecordpipeError, type RecordpipeError } from '../../errors.ts';
import { type LockedChannel, withChannelLock } from './channel-lock.ts';
import type { ChannelContent } from './content/channel-content.ts';
import { pump } from './epoch-pump.ts';
import { ChannelFifos } from './fifo/channel-fifos.ts';
import { FifoWriter, leftEarly } from './fifo/fifo-writer.ts';
import type { OwnFifo } from './fifo/open-fifo.ts';
import { hasReader, holdOpen, openForReader, openIfRead } from './fifo/open-fifo.ts';
import { UnreadBytes } from './fifo/unread-bytes.ts';
import type { ProgramGuard } from './program-guard.ts';
import type { ChannelMetrics, OnStreamEvent, StreamSource } from './stream-events.ts';
import { removeStatus, writeStatus } from './stream-events.ts';

/** How often it is checked whether a reader makes progress, and after how many checks without it has stopped. */
const STILL_MS = 1000;
const STILL_PROBES = 2;

/** The bytes of an epoch, being fetched. */
export interface EpochBytes {
  readonly chunks: AsyncIterator<Uint8Array>;
  /** Whether a chunk is written to again when the next one is asked for. */
  readonly reused: boolean;
  /** Fulfilled when everything has been asked for: the next epoch may begin to be fetched. Never rejected. */
  readonly allRequested: Promise<void>;
  readonly counts: { readonly requests: number; readonly retries: number };
  /** Gives up what is under way. */
  cancel(): Promise<void>;
}

/** What a channel is served with. */
export interface ChannelServing {
  readonly channel: string;
  readonly folder: string;
  readonly force: boolean;
  readonly lock: 'flock' | 'none';
  readonly firstEpoch: number;
  /** How many; may be infinite. */
  readonly epochs: number;
  /** Whether nothing is fetched before a reader is there. */
  readonly lazy: boolean;
  /** Whether a reader that leaves early is an error. */
  readonly strictEof: boolean;
  /** What readers see after a failure: the end of their pipe, or nothing until they close it. */
  readonly onFailure: 'close' | 'hold';
  readonly readerTimeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onEvent: OnStreamEvent;
  /** Finds out what the channel holds. */
  open(signal: AbortSignal): Promise<ChannelContent>;
  /** Begins to fetch an epoch. */
  fetch(content: ChannelContent, epoch: number): EpochBytes;
  /** Called before a pipe is closed whose bytes are incomplete: its reader would take that for the end of its data. */
  beforeCut(error: unknown): Promise<void>;
  /** Guards the writing end of a pipe against the death of this process, if a program reads it. */
  guard(descriptor: number): ProgramGuard | undefined;
}

/**
 * Serves one channel, epoch after epoch:
 * pipes of this epoch and the next are there -> a reader is waited for -> bytes -> the pipe is closed and taken away -> the pipe after the next is made.
 */
export class ChannelRun {
  readonly #serving: ChannelServing;
  #state: ChannelMetrics['state'] = 'listing';
  #epoch: number;
  #epochs = 0;
  #bytesBefore = 0;
  #began = 0;
  #writer: FifoWriter | undefined;
  #bytes: EpochBytes | undefined;
  #next: EpochBytes | undefined;
  #clock = { sourceWaitMs: 0 };
  #total: number | undefined;
  #requestsBefore = 0;
  #retriesBefore = 0;
  #content: ChannelContent | undefined;
  /** The writing end of the next epoch's pipe, if its reader came while this epoch was unread. */
  #early: number | undefined;

  constructor(serving: ChannelServing) {
    this.#serving = serving;
    this.#epoch = serving.firstEpoch;
  }

  get metrics(): ChannelMetrics {
    const stats = this.#writer?.stats;
    const { requests = 0, retries = 0 } = this.#bytes?.counts ?? {};
    return {
      channel: this.#serving.channel,
      state: this.#state,
      epoch: this.#epoch,
      epochBytes: stats?.bytes ?? 0,
      epochTotalBytes: this.#total,
      bytes: this.#bytesBefore + (stats?.bytes ?? 0),
      epochs: this.#epochs,
      epochMs: this.#began === 0 ? 0 : performance.now() - this.#began,
      readerWaitMs: stats?.blockedMs ?? 0,
      sourceWaitMs: this.#clock.sourceWaitMs,
      source: this.#source,
      requests: this.#requestsBefore + requests,
      retries: this.#retriesBefore + retries,
    };
  }

  get #source(): StreamSource {
    const content = this.#content;
    if (content === undefined || content.files) return 'disk';
    return content.valueless ? 'S3' : 'objects';
  }

  /** @throws RecordpipeError what went wrong; `aborted` */
  async run(): Promise<void> {
    const { folder, channel, lock, signal, onEvent, open } = this.#serving;
    // While the lock is taken and pipes are made: what S3 needs takes longer to load than both.
    const giveUp = new AbortController();
    const opening = open(AbortSignal.any([signal, giveUp.signal]));
    opening.catch(() => {}); // thrown where it is awaited
    try {
      await withChannelLock({ folder, channel, lock, signal }, (locked) => this.#serve(locked, opening));
      this.#state = 'done';
    } catch (error) {
      this.#state = 'failed';
      const known = isRecordpipeError(error);
      if (known && error.code !== 'aborted') {
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
      // At once: a program that starts beside us finds its first pipe, however long listing takes.
      await fifos.make([firstEpoch, firstEpoch + 1].filter((epoch) => epoch < end));
      fifos.removeLeft();
      this.#content = await opening;
      onEvent({ event: 'channel', channel, objects: this.#content.count, reused: fifos.reused });
      for (let epoch = firstEpoch; epoch < end; epoch++) {
        await this.#serveEpoch(epoch, fifos, epoch + 1 < end);
        fifos.remove(epoch);
        if (epoch + 2 < end) await fifos.make([epoch + 2]);
      }
    } catch (error) {
      // Taking a pipe away shows a reader that waits in opening it an end as well.
      await this.#beforeCut(error, fifos.all);
      throw error;
    } finally {
      this.#closeEarly();
      await this.#bytes?.cancel();
      await this.#next?.cancel();
      fifos.removeAll();
    }
  }

  /** Returns once no reader can take an incomplete epoch for a complete one, as far as that is possible. */
  async #beforeCut(error: unknown, fifos: readonly OwnFifo[]): Promise<void> {
    const { beforeCut, onFailure, signal } = this.#serving;
    await beforeCut(error);
    if (onFailure === 'hold') await Promise.all(fifos.map((fifo) => holdOpen(fifo, signal)));
  }

  async #serveEpoch(epoch: number, fifos: ChannelFifos, more: boolean): Promise<void> {
    const { channel, lazy, onEvent, fetch, signal, readerTimeoutMs } = this.#serving;
    const content = this.#content as ChannelContent;
    this.#epoch = epoch;
    this.#state = 'waiting';
    this.#total = content.bytesOf(epoch);
    if (!lazy) this.#bytes = this.#next ?? fetch(content, epoch);
    this.#next = undefined;
    const fifo = fifos.of(epoch);
    const early = this.#takeEarly(fifo);
    const descriptor = early ?? (await openForReader(fifo, { timeoutMs: readerTimeoutMs, signal }));
    this.#began = performance.now();
    this.#state = 'streaming';
    const writer = new FifoWriter(fifo, descriptor, signal);
    this.#writer = writer;
    this.#clock = { sourceWaitMs: 0 };
    const bytes = this.#bytes ?? fetch(content, epoch);
    this.#bytes = bytes;
    onEvent({ event: 'epoch-start', channel, epoch, objects: content.countOf() });
    this.#status('streaming', false);
    if (more && !lazy) {
      void bytes.allRequested.then(() => {
        if (this.#bytes === bytes && !signal.aborted) this.#next ??= fetch(content, epoch + 1);
      });
    }
    const watch = more ? this.#watchNext(epoch, fifos.of(epoch + 1), writer) : undefined;
    const complete = await this.#pump(fifo, writer, bytes, descriptor).finally(() => clearInterval(watch));
    const seconds = (performance.now() - this.#began) / 1000;
    const { bytes: delivered, blockedMs: readerWaitMs } = writer.stats;
    this.#bytesBefore += delivered;
    this.#requestsBefore += bytes.counts.requests;
    this.#retriesBefore += bytes.counts.retries;
    this.#epochs++;
    this.#status(more ? 'streaming' : 'done', complete);
    this.#writer = undefined;
    this.#bytes = undefined;
    onEvent({
      event: 'epoch-end',
      channel,
      epoch,
      bytes: delivered,
      seconds,
      complete,
      readerWaitMs,
      sourceWaitMs: this.#clock.sourceWaitMs,
      source: this.#source,
    });
  }

  /** @returns whether everything was delivered */
  async #pump(fifo: OwnFifo, writer: FifoWriter, bytes: EpochBytes, descriptor: number): Promise<boolean> {
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
      // A streamer that is stopped once its reader is gone has served it to its early end.
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
   * Says why nothing happens when a program opens the next epoch's pipe and reads no more of this one's: each waits for
   * the other, for ever. Asking whether a pipe has a reader lets it in, so its writing end is kept.
   */
  #watchNext(epoch: number, next: OwnFifo, writer: FifoWriter): ReturnType<typeof setInterval> {
    const { channel, onEvent } = this.#serving;
    let last = -1;
    let still = 0;
    const timer = setInterval(() => {
      const { bytes } = writer.stats;
      still = bytes === last && writer.waiting ? still + 1 : 0;
      last = bytes;
      if (still < STILL_PROBES || this.#early !== undefined) return;
      try {
        this.#early = openIfRead(next);
      } catch {
        return; // found out when its epoch begins
      }
      if (this.#early === undefined) return;
      onEvent({ event: 'warning', channel, code: 'unread-epoch', message: unreadEpoch(epoch, bytes) });
    }, STILL_MS);
    timer.unref();
    return timer;
  }

  /** The writing end that is kept, if its reader has stayed. */
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

/** Whether nobody has the pipe open for reading. A pipe whose name is gone may still have its reader. */
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
    `the program took ${bytes} bytes of epoch ${epoch} and has stopped reading it, so it waits for ever`,
    'read one epoch to its end, or close its pipe, before opening the next; with Keras, pass steps_per_epoch to model.fit',
  ].join('; ');
}
