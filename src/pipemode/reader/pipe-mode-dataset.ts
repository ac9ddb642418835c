import { mkdirSync } from 'node:fs';
import { Dataset } from '../../dataset/dataset.ts';
import type { DatasetIterator } from '../../dataset/dataset-iterator.ts';
import type { IterateOptions } from '../../dataset/run.ts';
import type { Stage } from '../../dataset/stage.ts';
import { UsageError } from '../../errors.ts';
import type { Batches } from '../../records/record-reader.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import {
  type ChannelConfig,
  channelConfig,
  isPipeChannel,
  notAPipeChannel,
  readInputDataConfig,
} from '../job/environment.ts';
import { PipeModeError } from '../pipe-mode-error.ts';
import { ChannelIndex } from './channel-index.ts';
import type { PipeModeMetrics, PipeModeState } from './epoch-progress.ts';
import { type Beginning, type Channel, EpochReading } from './epoch-reading.ts';
import { EpochStage } from './epoch-source.ts';
import { checkAttributes, type ManifestTuple, TupleStage } from './manifest-tuples.ts';
import {
  channelDecoding,
  checkChannelName,
  type PipeModeOptionsInput,
  pipeModeOptions,
} from './pipe-mode-options.ts';
import { checkState } from './resume.ts';
import { wrapperMistake } from './source-reading.ts';

/** What a channel yields: its records, or, where attributes were named, tuples of them. */
export type PipeModeElement<A> = A extends readonly string[] ? ManifestTuple<A> : Uint8Array;

/** The options of {@link PipeModeDataset}. */
export interface PipeModeDatasetOptions<A> extends Partial<PipeModeOptionsInput> {
  /**
   * The attributes of an augmented manifest, in the order of the job's `AttributeNames`: elements are then tuples by these names, and a stream that does not end behind
   * the last of them is an error. Default: none, and elements are records.
   */
  readonly attributes?: A | undefined;
}

/** How a channel is read in batches. */
export interface PipeBatchesOptions {
  /** Default false. `true`: a batch is valid only until the next one is asked for; its bytes are checked where they were read, without a copy. */
  readonly reuse?: boolean | undefined;
  /** Ends the reading with an `aborted` error. */
  readonly signal?: AbortSignal | undefined;
}

/** From where a resumed epoch is read. */
export interface ResumeOptions {
  /** Default `same`: the pipe of the same index, which its writer must serve again. `next`: the next one, as after a restart of the whole job. */
  readonly from?: 'same' | 'next' | undefined;
}

/**
 * The records of a SageMaker channel in Pipe mode, as views (`Uint8Array`) that stay valid as long as they are kept. Each iteration is one epoch: it takes the next
 * pipe, `PIPE_DIR/CHANNEL_INDEX`. The index lies in the same file, under the same lock, as that of `sagemaker_tensorflow`: both can share a channel.
 *
 * No thread is held up, not even by pipes without a writer. While iterating, errors are {@link PipeModeError}s, which say where: channel, epoch, record, byte; good
 * records come first. Codes: those of the format's reader, `pipe-timeout`, `malformed-state`, `not-resumable`, `aborted`, `access-denied`, `io-failure`.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { PipeModeDataset } from 'recordpipe/pipemode';
 * // In a training job these files are there, pipes in place of the last one, and pipeDir, stateDir and configDir need not be said.
 * mkdirSync('job');
 * writeFileSync('job/inputdataconfig.json', '{"train": {"TrainingInputMode": "Pipe"}}');
 * for (const epoch of [0, 1]) writeFileSync(`job/train_${epoch}`, 'one\ntwo\nthree\n');
 * const dirs = { pipeDir: 'job', stateDir: 'job', configDir: 'job' };
 * const dataset = new PipeModeDataset('train', { recordFormat: 'TextLine', ...dirs });
 * for await (const batch of dataset.repeat(2).batch(4).prefetch(2)) console.log(batch.length);
 * console.log(dataset.state().epoch); // 1
 * ```
 */
export class PipeModeDataset<const A extends readonly string[] | undefined = undefined> extends Dataset<
  PipeModeElement<A>
> {
  readonly channel: string;
  /** What `inputdataconfig.json` says of the channel. */
  readonly config: ChannelConfig;
  readonly #source: ChannelSource<A>;

  /**
   * Makes `stateDir`, reads `inputdataconfig.json` and checks everything; touches no pipe.
   * @throws RecordpipeError `unknown-channel`, `not-a-pipe-channel`, `malformed-config`, `not-found`, `access-denied`, `io-failure`
   * @throws UsageError for a name or value that is none
   */
  constructor(channel: string, options: PipeModeDatasetOptions<A> = {}) {
    const source = new ChannelSource(channel, options);
    super(() => source.stage(source.begin()));
    this.channel = channel;
    this.config = source.config;
    this.#source = source;
  }

  /** One epoch, as every iteration of the dataset. With `reserve: 'on-create'` the index has moved on when this returns, or soon after. */
  override iterate(options: IterateOptions = {}): DatasetIterator<PipeModeElement<A>> {
    if (this.#source.channel.options.reserve === 'on-open') return super.iterate(options);
    const reading = this.#source.begin();
    return new Dataset(() => this.#source.stage(reading)).iterate(options);
  }

  /**
   * The records of one epoch in batches: for those who count in millions per second. Attributes are not looked at.
   *
   * @throws RecordpipeError while iterating, as the dataset
   * @example
   * ```ts
   *    *    * mkdirSync('batches');
   * writeFileSync('batches/inputdataconfig.json', '{"train": {"TrainingInputMode": "Pipe"}}');
   * writeFileSync('batches/train_0', 'one\ntwo\n');
   * const dirs = { pipeDir: 'batches', stateDir: 'batches', configDir: 'batches' };
   * const dataset = new PipeModeDataset('train', { recordFormat: 'TextLine', ...dirs });
   * let bytes = 0;
   * for await (const { index, length } of dataset.batches({ reuse: true })) {
   *   for (let i = 0; i < length; i++) bytes += index[2 * i + 1];
   * }
   * console.log(bytes); // 6
   * ```
   */
  batches({ reuse, signal }: PipeBatchesOptions = {}): Batches {
    return this.#source.begin({ reuse }).batches(signal, true);
  }

  /**
   * Where the iteration that began last stands: plain JSON. Records that later operators read ahead (`prefetch`, `shuffle`) count as read.
   * Undefined before the first iteration.
   */
  state(): PipeModeState | undefined {
    return this.#source.latest?.state();
  }

  /** What the iteration that began last has come to so far. Undefined before the first iteration. */
  metrics(): PipeModeMetrics | undefined {
    return this.#source.latest?.metrics();
  }

  /**
   * A dataset whose first iteration is the rest of an epoch: its pipe is read again, and what had been read is discarded. Later iterations are the epochs after it.
   *
   * A stream that is not the same up to there (other length, position or last record) fails with `not-resumable`, as does a pipe that does not appear again.
   * @throws RecordpipeError `malformed-state` for what is no state; `not-resumable` for one of another channel or format
   * @example
   * ```ts
   *    *    * mkdirSync('resume');
   * writeFileSync('resume/inputdataconfig.json', '{"train": {"TrainingInputMode": "Pipe"}}');
   * writeFileSync('resume/train_0', 'one\ntwo\n');
   * const dirs = { pipeDir: 'resume', stateDir: 'resume', configDir: 'resume' };
   * const dataset = new PipeModeDataset('train', { recordFormat: 'TextLine', ...dirs });
   * await dataset.first();
   * const position = JSON.stringify(dataset.state());
   * for await (const line of dataset.resume(JSON.parse(position))) console.log(String.fromCharCode(...line)); // two
   * ```
   */
  resume(state: PipeModeState, { from = 'same' }: ResumeOptions = {}): Dataset<PipeModeElement<A>> {
    const source = this.#source;
    if (from !== 'same' && from !== 'next')
      throw new UsageError(`from: expected one of same, next, got ${String(from)}`);
    checkState(state, this.channel, source.channel.options.recordFormat, source.channel.files);
    let resume: Beginning['resume'] = { state: { ...state }, from };
    return new Dataset(() => {
      const reading = source.begin({ resume });
      resume = undefined;
      return source.stage(reading);
    });
  }
}

/** What iterations of one dataset have in common. */
class ChannelSource<A extends readonly string[] | undefined> {
  readonly channel: Channel;
  readonly config: ChannelConfig;
  /** The iteration that began last. */
  latest: EpochReading | undefined;
  readonly #attributes: A | undefined;

  constructor(name: string, { attributes, ...given }: PipeModeDatasetOptions<A>) {
    checkChannelName(name);
    if (attributes !== undefined) checkAttributes(attributes);
    const options = pipeModeOptions(given);
    const { stateDir, configDir, lock, lockTimeoutMs, compat } = options;
    makeFolder(stateDir);
    this.config = channelConfig(readInputDataConfig(configDir), name, configDir);
    const files = !isPipeChannel(this.config);
    if (files && !options.fileModeFallback) throw notAPipeChannel(this.config, name, configDir);
    channelDecoding(options, false); // checks what is for the format to check
    const mistake = wrapperMistake(this.config, name, options.recordFormat, attributes !== undefined);
    if (mistake !== undefined) options.onWarning(mistake);
    const index = new ChannelIndex(name, { stateDir, lock, lockTimeoutMs, lenient: compat !== undefined });
    this.channel = { name, options, index, files };
    this.#attributes = attributes;
  }

  begin(beginning?: Beginning): EpochReading {
    this.latest = new EpochReading(this.channel, beginning);
    return this.latest;
  }

  stage(reading: EpochReading): Stage<PipeModeElement<A>> {
    const records = new EpochStage(reading);
    if (this.#attributes === undefined) return records as Stage<unknown> as Stage<PipeModeElement<A>>;
    const { name } = this.channel;
    const tuples = new TupleStage(
      records,
      this.#attributes,
      (error) => new PipeModeError(name, reading.progress.epoch, error),
    );
    return tuples as Stage<unknown> as Stage<PipeModeElement<A>>;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileError(error, path);
  }
}
