import { onAbort as listenForAbort } from '../../bytes/abortable.ts';
import { isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import type { ReadStart } from '../../formats/codec-options.ts';
import type { Batches } from '../../records/record-reader.ts';
import type { ChannelIndex } from './channel-index.ts';
import {
  EpochProgress,
  type PipeModeMetrics,
  type PipeModeState,
  Resuming,
  recordLines,
  totalLines,
} from './epoch-progress.ts';
import type { PipeModeOptions } from './pipe-mode-options.ts';
import { channelDecoding, SourceReading } from './source-reading.ts';
import { checkSent, type ReadPipe, startOfPipe } from './streamer-status.ts';
import {
  channelFiles,
  EpochSource,
  giveBack,
  openReserved,
  reopenEpoch,
  reserveEpoch,
  type TakenEpoch,
  takeNextEpoch,
} from './take-epoch.ts';

/**
 * Maximum time that an iteration waits for the lock while it is closing. On a busy machine, the
 * program that takes the lock may need most of a second to start.
 */
const GIVE_BACK_MS = 2000;

/** The channel that a dataset reads. */
export interface Channel {
  readonly name: string;
  readonly options: PipeModeOptions;
  readonly index: ChannelIndex;
  /** Whether to read the channel's files instead of pipes. */
  readonly files: boolean;
}

/** The starting point of an iteration. */
export interface Beginning {
  /**
   * Position to resume from. By default, the iteration starts at the first record of the next
   * epoch.
   */
  readonly resume?: { readonly state: PipeModeState; readonly from: 'same' | 'next' } | undefined;
  /** Whether a batch is valid only until the next one is requested. */
  readonly reuse?: boolean | undefined;
}

/** An iteration over a channel, which reads one epoch. */
export class EpochReading {
  readonly progress: EpochProgress = new EpochProgress();
  readonly #channel: Channel;
  readonly #beginning: Beginning;
  readonly #began: number = performance.now();
  #reserved: Promise<number> | undefined;
  #reads = 0;
  /** Nanoseconds per record of the current batch, and the value of `readMs` before that batch. */
  #recordNs = 0;
  #readMs = 0;

  constructor(channel: Channel, beginning: Beginning = {}) {
    this.#channel = channel;
    this.#beginning = beginning;
    if (channel.options.reserve === 'on-create' && !channel.files && beginning.resume?.from !== 'same') {
      this.#reserved = reserveEpoch(channel.index, channel.options.signal);
      this.#reserved.catch(() => {}); // Thrown with the first record.
    }
  }

  state(): PipeModeState {
    const { name, options } = this.#channel;
    const { compression } = options;
    const state = { version: 1, ...this.progress.state(name, options.recordFormat) } as const;
    return compression === 'none' ? state : { ...state, compression };
  }

  metrics(): PipeModeMetrics {
    return this.progress.metrics(this.#channel.name);
  }

  /**
   * Yields the batches of the epoch. Can be called only once.
   * @param countAll whether all records of a yielded batch count as delivered; otherwise the caller
   *   reports records with `delivered`
   */
  async *batches(outer: AbortSignal | undefined, countAll: boolean): Batches {
    const { progress } = this;
    const { options, name } = this.#channel;
    const { signal, release } = anySignal([options.signal, outer]);
    const { resume, reuse = false } = this.#beginning;
    const decoding = channelDecoding(options, reuse);
    const resuming = resume && new Resuming(resume.state, progress);
    let source: EpochSource | undefined;
    let reading: SourceReading | undefined;
    try {
      for await (source of this.#sources(signal)) {
        const start = this.#startOf(source, resuming);
        reading = new SourceReading(source, decoding, options.idleTimeoutMs, progress, signal, start);
        while (await reading.fill()) {
          for (let read = reading.next(); read !== null; read = reading.next()) {
            const batch = resuming === undefined ? read : resuming.rest(read);
            if (batch === null) continue;
            this.#recordNs = (1e6 * (progress.readMs - this.#readMs)) / batch.length;
            this.#readMs = progress.readMs;
            if (countAll) this.delivered(batch.length);
            yield batch;
          }
        }
        await reading.close();
        if (source.pipe !== undefined && options.compat === undefined) checkSent(this.#pipe(source.pipe));
      }
      resuming?.end();
      progress.outcome = 'end';
      this.#benchmarkRead(1e6 * (progress.readMs - this.#readMs), 0);
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

  #pipe(pipe: string): ReadPipe {
    const { name: channel, options } = this.#channel;
    return { pipeDir: options.pipeDir, channel, epoch: this.progress.epoch ?? 0, pipe };
  }

  /**
   * Returns a function that finds where the bytes of a pipe start, once they arrive. Undefined for
   * bytes that start at the beginning of the epoch.
   */
  #startOf({ pipe }: EpochSource, resuming: Resuming | undefined): (() => ReadStart | undefined) | undefined {
    // A position in compressed bytes is not a position in the stream that is decoded.
    const isDecoded = this.#channel.options.compression !== 'none' && resuming === undefined;
    if (pipe === undefined || isDecoded) return undefined;
    return () => {
      const start = startOfPipe(this.#pipe(pipe));
      if (start === undefined) return undefined;
      resuming?.begin(start);
      this.progress.startAt(start);
      return { offset: start.bytes, record: start.records ?? 0 };
    };
  }

  /** Records that the next `count` records of the current batch were delivered. */
  delivered(count: number): void {
    if (this.#channel.options.benchmarkRecordsInterval === 0) {
      this.progress.delivered(count);
      return;
    }
    for (let i = 0; i < count; i++) {
      this.progress.delivered(1);
      this.#benchmarkRead(this.#recordNs, this.progress.lastBytes);
    }
  }

  /** Yields the pipe of the epoch, or each file in order. */
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

  async #take(signal: AbortSignal): Promise<TakenEpoch> {
    const { name: channel, options, index } = this.#channel;
    const { pipeDir, openTimeoutMs } = options;
    const place = { channel, pipeDir, openTimeoutMs };
    const { resume } = this.#beginning;
    if (resume?.from === 'same')
      return reopenEpoch(index, resume.state.epoch as number, place, signal).catch(notResumable);
    if (this.#reserved === undefined) return takeNextEpoch(index, place, signal);
    this.progress.epoch = await this.#reserved;
    return openReserved(this.progress.epoch, place, signal);
  }

  /** Closes the source. Resets the index to this epoch if the pipe never had a writer. */
  async #leave(source: EpochSource): Promise<void> {
    source.close();
    const { options, index } = this.#channel;
    const { epoch } = this.progress;
    if (!source.unused || options.reserve !== 'on-open' || epoch === undefined) return;
    await giveBack(index, epoch, AbortSignal.timeout(GIVE_BACK_MS)).catch(() => {});
  }

  #benchmarkRead(nanoseconds: number, bytes: number): void {
    const { benchmarkRecordsInterval, writeLine } = this.#channel.options;
    this.#reads++;
    if (benchmarkRecordsInterval === 0 || this.#reads % benchmarkRecordsInterval !== 0) return;
    for (const line of recordLines(this.#reads, nanoseconds, bytes)) writeLine(line);
  }
}

function notResumable(error: unknown): never {
  if (!isRecordpipeError(error, 'pipe-timeout')) throw error;
  const what = `${sentenceOf(error)}; have the writer of the pipe send the epoch again, or resume with { from: 'next' }`;
  throw new RecordpipeError('not-resumable', what, error, error);
}

/**
 * Returns a signal that fires when the first of several signals fires. AbortSignal.any would leak
 * an entry in a long-lived signal for every epoch.
 */
function anySignal(signals: readonly (AbortSignal | undefined)[]): {
  readonly signal: AbortSignal;
  release(): void;
} {
  const controller = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  const onAbort = (): void => controller.abort(given.find(({ aborted }) => aborted)?.reason);
  for (const signal of given) listenForAbort(signal, onAbort);
  if (given.some(({ aborted }) => aborted)) onAbort();
  return {
    signal: controller.signal,
    release() {
      for (const signal of given) signal.removeEventListener('abort', onAbort);
    },
  };
}

/**
 * A failure to read a channel: a {@link RecordpipeError} with the channel and the epoch.
 *
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { PipeModeDataset, PipeModeError } from 'recordpipe/pipemode';
 * mkdirSync('errors');
 * writeFileSync('errors/inputdataconfig.json', '{"train": {"TrainingInputMode": "Pipe"}}');
 * writeFileSync('errors/train_0', 'this is not RecordIO');
 * try {
 *   await new PipeModeDataset('train', { pipeDir: 'errors', stateDir: 'errors', configDir: 'errors' }).count();
 * } catch (error) {
 *   if (error instanceof PipeModeError) console.log(error.code, error.channel, error.epoch, error.record); // bad-magic train 0 0
 * }
 * ```
 */
export class PipeModeError extends RecordpipeError {
  /** `PipeModeError`. */
  override readonly name = 'PipeModeError';
  /** Name of the channel. */
  readonly channel: string;
  /** Index of the epoch. Undefined until a pipe has been taken. */
  readonly epoch: number | undefined;

  constructor(channel: string, epoch: number | undefined, failure: RecordpipeError) {
    const where = epoch === undefined ? `channel ${channel}` : `channel ${channel}, epoch ${epoch}`;
    super(failure.code, `${where}: ${sentenceOf(failure)}`, failure, failure.cause);
    this.channel = channel;
    this.epoch = epoch;
  }
}
