import { isRecordpipeError, type RecordpipeError } from '../errors.ts';
import { type LockedChannel, withChannelLock } from './channel-lock.ts';
import type { ChannelContent } from './content/channel-content.ts';
import { pump } from './epoch-pump.ts';
import { ChannelFifos } from './fifo/channel-fifos.ts';
import { FifoWriter, leftEarly } from './fifo/fifo-writer.ts';
import type { OwnFifo } from './fifo/make-fifos.ts';
import { openForReader } from './fifo/open-fifo.ts';
import { removeStatus, writeStatus } from './status-file.ts';
import type { ChannelMetrics, OnStreamEvent } from './stream-events.ts';

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
  readonly firstEpoch: number;
  /** How many; may be infinite. */
  readonly epochs: number;
  /** Whether nothing is fetched before a reader is there. */
  readonly lazy: boolean;
  /** Whether a reader that leaves early is an error. */
  readonly strictEof: boolean;
  readonly readerTimeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onEvent: OnStreamEvent;
  /** Finds out what the channel holds. */
  open(signal: AbortSignal): Promise<ChannelContent>;
  /** Begins to fetch an epoch. */
  fetch(content: ChannelContent, epoch: number): EpochBytes;
  /** Asked before a pipe whose bytes are not complete is closed: its reader would take that for the end. */
  beforeCut(error: RecordpipeError): Promise<void>;
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
      requests: this.#requestsBefore + requests,
      retries: this.#retriesBefore + retries,
    };
  }

  /** @throws RecordpipeError what went wrong; `aborted` */
  async run(): Promise<void> {
    const { folder, channel, signal, onEvent, open } = this.#serving;
    // While the lock is taken and pipes are made: what S3 needs takes longer to load than both.
    const giveUp = new AbortController();
    const opening = open(AbortSignal.any([signal, giveUp.signal]));
    opening.catch(() => {}); // thrown where it is awaited
    try {
      await withChannelLock(folder, channel, signal, (locked) => this.#serve(locked, opening));
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
    } finally {
      await this.#bytes?.cancel();
      await this.#next?.cancel();
      fifos.removeAll();
    }
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
    const descriptor = await openForReader(fifo, { timeoutMs: readerTimeoutMs, signal });
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
    const complete = await this.#pump(fifo, writer, bytes);
    const seconds = (performance.now() - this.#began) / 1000;
    const delivered = writer.stats.bytes;
    this.#bytesBefore += delivered;
    this.#requestsBefore += bytes.counts.requests;
    this.#retriesBefore += bytes.counts.retries;
    this.#epochs++;
    this.#status(more ? 'streaming' : 'done', complete);
    this.#writer = undefined;
    this.#bytes = undefined;
    onEvent({ event: 'epoch-end', channel, epoch, bytes: delivered, seconds, complete });
  }

  /** Whether everything was delivered. */
  async #pump(fifo: OwnFifo, writer: FifoWriter, bytes: EpochBytes): Promise<boolean> {
    try {
      writer.watchReader(() => void bytes.cancel());
      const written = await pump(bytes, writer, this.#clock);
      await writer.end();
      const complete = written && !writer.readerGone;
      if (!complete) await bytes.cancel();
      if (!complete && this.#serving.strictEof) throw leftEarly(fifo, writer.stats.bytes);
      return complete;
    } catch (error) {
      if (writer.readerGone && !this.#serving.strictEof) return false;
      if (isRecordpipeError(error)) {
        this.#status('failed', false, error);
        if (error.code !== 'aborted') await this.#serving.beforeCut(error);
      }
      throw error;
    } finally {
      await writer.destroy();
    }
  }

  #status(state: 'streaming' | 'done' | 'failed', complete: boolean, failure?: RecordpipeError): void {
    const { folder, channel } = this.#serving;
    const bytes = this.#writer?.stats.bytes ?? 0;
    const error = failure?.toJSON() ?? null;
    writeStatus(folder, { channel, epoch: this.#epoch, state, bytes, complete, error });
  }
}
