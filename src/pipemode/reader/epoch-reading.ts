import { isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import type { Batches } from '../../records/record-reader.ts';
import { PipeModeError } from '../pipe-mode-error.ts';
import type { ChannelIndex } from './channel-index.ts';
import { channelFiles } from './channel-index.ts';
import type { PipeModeMetrics } from './epoch-progress.ts';
import { EpochProgress, type PipeModeState, recordLines, totalLines } from './epoch-progress.ts';
import { EpochSource } from './epoch-source.ts';
import type { PipeModeOptions } from './pipe-mode-options.ts';
import { channelDecoding } from './pipe-mode-options.ts';
import { Resuming } from './resume.ts';
import { SourceReading } from './source-reading.ts';
import {
  giveBack,
  joinSignals,
  openReserved,
  reopenEpoch,
  reserveEpoch,
  type TakenEpoch,
  takeNextEpoch,
} from './take-epoch.ts';

/** Waiting for the lock must not hold up an iteration that is ending. */
const GIVE_BACK_MS = 250;

/** A channel as its dataset knows it. */
export interface Channel {
  readonly name: string;
  readonly options: PipeModeOptions;
  readonly index: ChannelIndex;
  /** Whether the channel's files are read, in place of pipes. */
  readonly files: boolean;
}

/** Where an iteration begins. */
export interface Beginning {
  /** Default: at the first record of the next epoch. */
  readonly resume?: { readonly state: PipeModeState; readonly from: 'same' | 'next' } | undefined;
  /** Whether a batch is valid only until the next one is asked for. */
  readonly reuse?: boolean | undefined;
}

/** One iteration over a channel: an epoch. */
export class EpochReading {
  readonly progress: EpochProgress = new EpochProgress();
  readonly #channel: Channel;
  readonly #beginning: Beginning;
  readonly #began: number = performance.now();
  #reserved: Promise<number> | undefined;
  #reads = 0;
  /** Nanoseconds that a record of the batch took, and `readMs` before it. */
  #recordNs = 0;
  #readMs = 0;

  constructor(channel: Channel, beginning: Beginning = {}) {
    this.#channel = channel;
    this.#beginning = beginning;
    if (channel.options.reserve === 'on-create' && !channel.files && beginning.resume?.from !== 'same') {
      this.#reserved = reserveEpoch(channel.index, channel.options.signal);
      this.#reserved.catch(() => {}); // thrown with the first record
    }
  }

  state(): PipeModeState {
    return this.progress.state(this.#channel.name, this.#channel.options.recordFormat);
  }

  metrics(): PipeModeMetrics {
    return this.progress.metrics(this.#channel.name);
  }

  /**
   * The epoch's batches, once.
   * @param handedOut whether a batch counts as used when it is handed out; else `handOut` says so
   */
  async *batches(outer: AbortSignal | undefined, handedOut: boolean): Batches {
    const { progress } = this;
    const { options, name } = this.#channel;
    const { signal, release } = joinSignals([options.signal, outer]);
    const { resume, reuse = false } = this.#beginning;
    const decoding = channelDecoding(options, reuse);
    const resuming = resume && new Resuming(resume.state, progress);
    let source: EpochSource | undefined;
    let reading: SourceReading | undefined;
    try {
      for await (source of this.#sources(signal)) {
        reading = new SourceReading(source, decoding, options.idleTimeoutMs, progress, signal);
        while (await reading.fill()) {
          for (let read = reading.next(); read !== null; read = reading.next()) {
            const batch = resuming === undefined ? read : resuming.rest(read);
            if (batch === null) continue;
            this.#recordNs = (1e6 * (progress.readMs - this.#readMs)) / batch.length;
            this.#readMs = progress.readMs;
            if (handedOut) this.handOut(batch.length);
            yield batch;
          }
        }
        await reading.close();
      }
      resuming?.end();
      progress.outcome = 'end';
      this.#tellRead(1e6 * (progress.readMs - this.#readMs), 0);
    } catch (error) {
      progress.outcome = 'failed';
      const failed = error instanceof RecordpipeError && !(error instanceof UsageError);
      throw failed ? new PipeModeError(name, progress.epoch, error) : error;
    } finally {
      release();
      await reading?.close();
      if (source !== undefined) await this.#leave(source);
      if (progress.outcome === 'reading') progress.outcome = 'left';
      if (options.benchmark) for (const line of totalLines(progress)) options.writeLine(line);
      options.onEpochEnd?.(this.metrics());
    }
  }

  /** Records of the batch at hand have been handed out. */
  handOut(count: number): void {
    const { benchmarkRecordsInterval } = this.#channel.options;
    if (benchmarkRecordsInterval === 0) {
      this.progress.handOut(count);
      return;
    }
    for (let i = 0; i < count; i++) {
      this.progress.handOut(1);
      this.#tellRead(this.#recordNs, this.progress.lastBytes);
    }
  }

  /** The pipe of the epoch, or one file after the other. */
  async *#sources(signal: AbortSignal): AsyncGenerator<EpochSource> {
    const { name, options, files } = this.#channel;
    if (files) {
      for (const path of await channelFiles(options.pipeDir, name)) yield new EpochSource(path);
      return;
    }
    const { epoch, source } = await this.#take(signal);
    this.progress.epoch = epoch;
    this.progress.openMs = performance.now() - this.#began;
    yield source;
  }

  /** Whatever was begun or not with a source: it is closed, and an epoch that never had a writer is there for others. */
  async #leave(source: EpochSource): Promise<void> {
    source.close();
    const { options, index } = this.#channel;
    const { epoch } = this.progress;
    if (!source.unused || options.reserve !== 'on-open' || epoch === undefined) return;
    await giveBack(index, epoch, AbortSignal.timeout(GIVE_BACK_MS)).catch(() => {});
  }

  #take(signal: AbortSignal): Promise<TakenEpoch> {
    const { name: channel, options, index } = this.#channel;
    const { pipeDir, openTimeoutMs } = options;
    const place = { channel, pipeDir, openTimeoutMs };
    const { resume } = this.#beginning;
    if (resume?.from === 'same')
      return reopenEpoch(index, resume.state.epoch as number, place, signal).catch(notThere);
    if (this.#reserved === undefined) return takeNextEpoch(index, place, signal);
    return this.#reserved.then((epoch) => {
      this.progress.epoch = epoch;
      return openReserved(epoch, place, signal);
    });
  }

  #tellRead(nanoseconds: number, bytes: number): void {
    const { benchmarkRecordsInterval, writeLine } = this.#channel.options;
    this.#reads++;
    if (benchmarkRecordsInterval === 0 || this.#reads % benchmarkRecordsInterval !== 0) return;
    for (const line of recordLines(this.#reads, nanoseconds, bytes)) writeLine(line);
  }
}

function notThere(error: unknown): never {
  if (!isRecordpipeError(error, 'pipe-timeout')) throw error;
  const what = `${sentenceOf(error)}; its writer has to serve the epoch again, or resume with { from: 'next' }`;
  throw new RecordpipeError('not-resumable', what, error, error);
}
