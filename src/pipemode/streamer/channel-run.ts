import { abortError } from '../../bytes/abortable.ts';
import { isRecordpipeError, type RecordpipeError } from '../../errors.ts';
import type { EpochStartStatus } from '../job/channel-files.ts';
import {
  type ChannelContent,
  EPOCH_BEGINNING,
  type EpochBytes,
  type EpochOffset,
} from './channel-content.ts';
import { ChannelFifos, type LockedChannel, withChannelLock } from './channel-fifos.ts';
import type { ChannelServing } from './channel-serving.ts';
import { holdOpen, type OwnFifo, UnreadBytes } from './fifo.ts';
import { FifoWriter, leftEarly, pump } from './fifo-writer.ts';
import type { ProgramGuard } from './program-guard.ts';
import { type EpochReading, isUnread, ReaderWatch } from './reader-watch.ts';
import type { ChannelIdentity } from './resume/channel-identity.ts';
import { ChannelPosition } from './resume/channel-position.ts';
import { epochStart, type PositionLog } from './resume/epoch-position.ts';
import type { FoundPosition } from './resume/find-position.ts';
import type { ChannelCheckpoint } from './resume/stream-checkpoint.ts';
import {
  type ChannelMetrics,
  type ChannelStatus,
  removeStatus,
  type StreamSource,
  writeStatus,
} from './stream-events.ts';

/**
 * Serves one channel, epoch by epoch. For each epoch, waits for a reader, writes the bytes, closes
 * and removes the pipe, and creates the pipe of the epoch after next. The pipes of the current
 * and the next epoch exist at the same time.
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
  readonly #position: ChannelPosition;
  /** Follows the bytes of the current epoch for checkpoints. */
  #log: PositionLog | undefined;
  /** The pipe of the current epoch in the status file. */
  #pipe: Pick<ChannelStatus, 'pipe' | 'sent'> = { pipe: '', sent: false };
  /** Where the bytes of the first pipe start, if not at the beginning of its epoch. */
  #start: EpochStartStatus | undefined;
  /** What identifies the channel. Known when its position is. */
  #identity: ChannelIdentity | undefined;
  readonly #watch: ReaderWatch;
  /** Whether all bytes are in the pipe and the streamer waits for the reader to take them. */
  #isCounting = false;

  constructor(serving: ChannelServing) {
    this.#serving = serving;
    this.#watch = new ReaderWatch(serving);
    this.#epoch = serving.startEpoch;
    this.#position = new ChannelPosition(serving.startEpoch, serving.unreadBytes);
  }

  get channel(): string {
    return this.#serving.channel;
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

  /** The position of the channel. Undefined until its data is listed. */
  get checkpoint(): ChannelCheckpoint | undefined {
    const content = this.#identity;
    return content && { ...this.#position.current, content };
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
    const { channel, folder, force, firstEpoch, startEpoch, epochs, onEvent } = this.#serving;
    const fifos = new ChannelFifos({ folder, channel, force }, locked);
    removeStatus(folder, channel);
    try {
      const end = firstEpoch + epochs;
      // Pipes are created before listing, so that a program that starts at the same time finds its
      // first pipe.
      await fifos.make([startEpoch, startEpoch + 1].filter((epoch) => epoch < end));
      if (startEpoch < end) this.#waitIn(fifos.of(startEpoch) as OwnFifo);
      fifos.removeLeft();
      this.#content = await opening;
      let from = await this.#resume(this.#content);
      onEvent({ event: 'channel', channel, objects: this.#content.count, reused: fifos.reused });
      for (let epoch = startEpoch; epoch < end; epoch++) {
        await this.#serveEpoch(from, this.#content, fifos, epoch + 1 === end);
        fifos.remove(epoch);
        from = this.#beginning(epoch + 1);
        if (epoch + 2 < end) await fifos.make([epoch + 2]);
      }
      this.#position.skipTo(Math.max(startEpoch, end));
      this.#state = 'done';
      await this.#watchBeyond(fifos, end);
    } catch (error) {
      if (this.#writer === undefined) this.#failedStatus(error);
      // Removing a pipe also sends an end of file to a reader that is blocked in open.
      await this.#beforeCut(error, fifos.all);
      throw error;
    } finally {
      this.#watch.stop();
      await this.#watch.close();
      await this.#bytes?.cancel();
      await this.#nextBytes?.cancel();
      fifos.removeAll();
    }
  }

  /** Returns where the first epoch starts. */
  async #resume(content: ChannelContent): Promise<FoundPosition> {
    const { channel, startEpoch, onEvent, resume, identify, isFollowed } = this.#serving;
    const resumed = await resume?.(content);
    const from = resumed ?? this.#beginning(startEpoch);
    this.#position.resume(from);
    if (isFollowed) this.#identity = identify(content);
    if (resumed !== undefined) onEvent({ event: 'resumed', channel, ...from.position, exact: resumed.exact });
    return from;
  }

  #beginning(epoch: number): FoundPosition {
    return { position: epochStart(epoch), division: this.#serving.division };
  }

  /** Starts fetching an epoch. */
  #fetch(content: ChannelContent, epoch: number, at: EpochOffset = EPOCH_BEGINNING): EpochBytes {
    // Places are reported while bytes are written, when the log is that of their epoch.
    return this.#serving.fetch(content, epoch, at, (place, uri) => this.#log?.begin(place, uri));
  }

  /** Prevents readers, as far as possible, from treating an incomplete epoch as complete. */
  async #beforeCut(error: unknown, fifos: readonly OwnFifo[]): Promise<void> {
    const { beforeCut, onFailure, signal } = this.#serving;
    await beforeCut(error);
    if (onFailure === 'hold') await Promise.all(fifos.map((fifo) => holdOpen(fifo, signal)));
  }

  async #serveEpoch(
    from: FoundPosition,
    content: ChannelContent,
    fifos: ChannelFifos,
    isLast: boolean,
  ): Promise<void> {
    const { position } = from;
    const { epoch } = position;
    const fifo = fifos.of(epoch) as OwnFifo;
    const { channel, lazy, onEvent, signal, readerTimeoutMs, isFollowed, strictEof } = this.#serving;
    this.#epoch = epoch;
    this.#state = 'waiting';
    if (position.bytes > 0) {
      const { bytes, records } = position;
      this.#start = { epoch, bytes, records, pipe: fifo.ino };
    }
    this.#waitIn(fifo);
    this.#total = content.bytesOf(epoch);
    if (!lazy) this.#bytes = this.#nextBytes ?? this.#fetch(content, epoch, position);
    this.#nextBytes = undefined;
    this.#watch.start(
      epoch,
      () => fifos.of(epoch + 1),
      () => this.#reading,
    );
    const { descriptor, guard } = await this.#watch.open(fifo, { timeoutMs: readerTimeoutMs, signal });
    if (isLast) await this.#makeBeyond(fifos, epoch + 1);
    this.#began = performance.now();
    this.#state = 'streaming';
    const writer = new FifoWriter(fifo, descriptor, signal);
    this.#writer = writer;
    this.#clock = { sourceWaitMs: 0 };
    this.#log = isFollowed ? this.#position.open(from, () => writer.stats.bytes) : undefined;
    const bytes = this.#bytes ?? this.#fetch(content, epoch, position);
    this.#bytes = bytes;
    onEvent({ event: 'epoch-start', channel, epoch, objects: content.countHere });
    if (!isLast && !lazy) {
      void bytes.allRequested.then(() => {
        if (this.#bytes === bytes && !signal.aborted) this.#nextBytes ??= this.#fetch(content, epoch + 1);
      });
    }
    const complete = await this.#write(fifo, writer, bytes, guard).finally(() => this.#watch.stop());
    const seconds = (performance.now() - this.#began) / 1000;
    const { bytes: delivered, blockedMs: readerWaitMs } = writer.stats;
    this.#earlier.bytes += delivered;
    this.#earlier.requests += bytes.counts.requests;
    this.#earlier.retries += bytes.counts.retries;
    this.#epochs++;
    this.#status(isLast ? 'done' : 'streaming', complete);
    if (complete && strictEof) this.#position.skipTo(epoch + 1);
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
  async #write(
    fifo: OwnFifo,
    writer: FifoWriter,
    bytes: EpochBytes,
    guard: ProgramGuard | undefined,
  ): Promise<boolean> {
    const { strictEof, signal } = this.#serving;
    let unread: UnreadBytes | undefined;
    try {
      this.#status('streaming', false);
      writer.watchReader(() => void bytes.cancel());
      const log = this.#log;
      const written = await pump(bytes, writer, this.#clock, log && ((chunk) => log.push(chunk)));
      if (written) await writer.flush();
      // A reader that receives an end of file without this notice knows that bytes are missing.
      this.#pipe = { ...this.#pipe, sent: written && !writer.readerGone };
      this.#status('streaming', false);
      if (strictEof && written) {
        unread = writer.readerGone ? undefined : UnreadBytes.of(fifo);
        this.#isCounting = true;
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
      this.#failedStatus(error);
      await this.#beforeCut(error, [fifo]);
      throw error;
    } finally {
      this.#isCounting = false;
      unread?.close();
      await guard?.release();
      await writer.destroy();
    }
  }

  /** The state of the current epoch's reader. */
  get #reading(): EpochReading {
    const writer = this.#writer;
    if (writer === undefined) return { state: 'unopened', bytes: 0 };
    return { state: writer.waiting || this.#isCounting ? 'unread' : 'read', bytes: writer.stats.bytes };
  }

  /**
   * Creates a pipe after the last epoch if a program reads the pipes. Ignores failures, because the
   * pipe carries no data.
   */
  async #makeBeyond(fifos: ChannelFifos, end: number): Promise<void> {
    if (this.#serving.programEnded() !== undefined) await fifos.make([end]).catch(() => {});
  }

  /**
   * Keeps the pipe after the last epoch until the program ends, as SageMaker does. If the program
   * opens one epoch too many, a warning can then report it.
   */
  async #watchBeyond(fifos: ChannelFifos, end: number): Promise<void> {
    const { signal, firstEpoch } = this.#serving;
    const ended = this.#serving.programEnded();
    if (ended === undefined || signal.aborted) return;
    const fifo = fifos.of(end);
    if (fifo === undefined) return;
    const isOpened = await this.#watch.beyond(fifo, end - firstEpoch, ended, signal);
    if (isOpened) await this.#beforeCut(abortError(signal), fifos.all);
  }

  /** Notes that the pipe of the current epoch waits for its reader. */
  #waitIn(fifo: OwnFifo): void {
    this.#pipe = { pipe: fifo.ino, sent: false };
    this.#status('streaming', false);
  }

  #failedStatus(error: unknown): void {
    if (this.#pipe.pipe === '') return;
    try {
      this.#status('failed', false, isRecordpipeError(error) ? error : undefined);
    } catch {
      // A full disk must not prevent the program from being stopped.
    }
  }

  #status(state: 'streaming' | 'done' | 'failed', complete: boolean, failure?: RecordpipeError): void {
    const { folder, channel } = this.#serving;
    const bytes = this.#writer?.stats.bytes ?? 0;
    const error = failure?.toJSON() ?? null;
    const epoch = this.#epoch;
    const start = this.#start;
    writeStatus(folder, { channel, epoch, state, bytes, complete, error, ...this.#pipe, start });
  }
}
