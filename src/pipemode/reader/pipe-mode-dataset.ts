import { checkOptionNames } from '../../bytes/arguments.ts';
import { Dataset } from '../../dataset/dataset.ts';
import type { DatasetIterator } from '../../dataset/dataset-iterator.ts';
import type { DatasetState } from '../../dataset/dataset-state.ts';
import type { IterableDataset } from '../../dataset/iterable-dataset.ts';
import type { Position } from '../../dataset/position.ts';
import type { IterateOptions } from '../../dataset/run.ts';
import type { Stage } from '../../dataset/stage.ts';
import { UsageError } from '../../errors.ts';
import type { Batches } from '../../records/record-reader.ts';
import { makeFolder } from '../../storage/local/make-folder.ts';
import { checkChannelName } from '../job/channel-files.ts';
import {
  type ChannelConfig,
  channelConfig,
  isPipeChannel,
  notAPipeChannel,
  readInputDataConfig,
} from '../job/input-data-config.ts';
import { ChannelIndex } from './channel-index.ts';
import type { PipeModeMetrics, PipeModeState } from './epoch-progress.ts';
import { checkState } from './epoch-progress.ts';
import { type Beginning, type Channel, EpochReading, PipeModeError } from './epoch-reading.ts';
import { checkAttributes, EpochStage, type ManifestTuple, TupleStage } from './epoch-stages.ts';
import { type PipeModeOptionsInput, pipeModeOptions, type RecordFormatName } from './pipe-mode-options.ts';
import { channelDecoding } from './source-reading.ts';

/** The element type of a channel: a record, or a tuple of records if attributes are named. */
export type PipeModeElement<A> = A extends readonly string[] ? ManifestTuple<A> : Uint8Array;

/** Options for {@link PipeModeDataset}. */
export interface PipeModeDatasetOptions<A> extends Partial<PipeModeOptionsInput> {
  /**
   * The attributes of an augmented manifest, in the order of the job's `AttributeNames`. If given,
   * elements are tuples with these names, and a stream that ends inside a tuple is an error. By
   * default, elements are records.
   */
  readonly attributes?: A | undefined;
}

/** Options for reading a channel in batches. */
export interface PipeBatchesOptions {
  /**
   * Whether a batch is valid only until the next one is requested. If true, records are checked in
   * the read buffer without a copy. The default is false.
   */
  readonly reuse?: boolean | undefined;
  /** Signal that ends the iteration with an `aborted` error. */
  readonly signal?: AbortSignal | undefined;
}

/** Options for resuming an epoch. */
export interface ResumeOptions {
  /**
   * The pipe to read. `same`, the default: the pipe with the same index, which its writer must
   * serve again. `next`: the next pipe, for use after a restart of the whole job.
   */
  readonly from?: 'same' | 'next' | undefined;
}

/**
 * The records of a SageMaker channel in Pipe mode, as views (`Uint8Array`) that stay valid while
 * they are referenced. Each iteration reads one epoch and takes the next pipe,
 * `PIPE_DIR/CHANNEL_INDEX`. The index is stored in the same file and under the same lock as the
 * index of `sagemaker_tensorflow`, so both libraries can share a channel.
 *
 * No thread blocks, not even on a pipe without a writer. Iteration throws a {@link PipeModeError}
 * with the channel, epoch, record and byte, after it has yielded all valid records. Its code is a
 * code of the format's reader, `pipe-timeout`, `malformed-state`, `not-resumable`, `aborted`,
 * `access-denied` or `io-failure`.
 *
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { PipeModeDataset } from 'recordpipe/pipemode';
 * // A training job has these files, with pipes instead of the last ones, in the default folders.
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
  /** Name of the channel. */
  readonly channel: string;
  /** The channel's entry in `inputdataconfig.json`. */
  readonly config: ChannelConfig;
  readonly #source: ChannelSource<A>;

  /**
   * Creates `stateDir`, reads `inputdataconfig.json` and validates the options. Does not open a
   * pipe.
   * @throws RecordpipeError `unknown-channel`, `not-a-pipe-channel`, `malformed-config`,
   *   `not-found`, `access-denied`, `io-failure`
   * @throws UsageError for an unknown option or an invalid value
   */
  constructor(channel: string, options: PipeModeDatasetOptions<A> = {}) {
    const source = new ChannelSource(channel, options);
    super((_iteration, from = null) => source.stage(source.begin(source.beginningAt(from))), undefined, {
      name: `channel ${channel}`,
      sources: [],
    });
    this.channel = channel;
    this.config = source.config;
    this.#source = source;
  }

  /**
   * Returns an iterator over one epoch. With `reserve: 'on-create'`, the index is incremented now
   * or soon after.
   */
  override iterate(options: IterateOptions = {}): DatasetIterator<PipeModeElement<A>> {
    if (this.#source.channel.options.reserve === 'on-open') return super.iterate(options);
    const reading = this.#source.begin();
    return new Dataset(() => this.#source.stage(reading), undefined, this.operator).iterate(options);
  }

  /**
   * Returns the records of one epoch in batches, which allows millions of records per second.
   * Ignores `attributes`.
   *
   * @throws RecordpipeError while iterating, the same errors as the dataset
   * @example
   * ```ts
   * import { mkdirSync, writeFileSync } from 'node:fs';
   * import { PipeModeDataset } from 'recordpipe/pipemode';
   * mkdirSync('batches');
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
  batches(options: PipeBatchesOptions = {}): Batches {
    checkOptionNames('batches', options, { reuse: true, signal: true });
    const { reuse, signal } = options;
    return this.#source.begin({ reuse }).batches(signal, true);
  }

  /**
   * Returns the position of the latest iteration as plain JSON, or undefined before the first
   * iteration. Records that later operators read ahead (`prefetch`, `shuffle`) count as read; the
   * `state` of an iterator counts only what it returned. `recordpipe stream --resume` accepts both.
   */
  state(): PipeModeState | undefined {
    return this.#source.latest?.state();
  }

  /** Returns the progress of the latest iteration, or undefined before the first iteration. */
  metrics(): PipeModeMetrics | undefined {
    return this.#source.latest?.metrics();
  }

  /**
   * Returns a dataset whose first iteration yields the rest of an epoch. Later iterations read the
   * next epochs. A streamer that resumes from the same state serves only the rest. Any other writer
   * must serve the whole epoch again; the records before the position are then dropped.
   *
   * Iteration fails with `not-resumable` if the stream differs before the position (in its length,
   * the offset or the last record), or if the pipe does not appear again.
   * @throws RecordpipeError `malformed-state`; `not-resumable` for a state of another channel or
   * format
   * @example
   * ```ts
   * import { mkdirSync, writeFileSync } from 'node:fs';
   * import { PipeModeDataset } from 'recordpipe/pipemode';
   * mkdirSync('resume');
   * writeFileSync('resume/inputdataconfig.json', '{"train": {"TrainingInputMode": "Pipe"}}');
   * writeFileSync('resume/train_0', 'one\ntwo\n');
   * const dirs = { pipeDir: 'resume', stateDir: 'resume', configDir: 'resume' };
   * const dataset = new PipeModeDataset('train', { recordFormat: 'TextLine', ...dirs });
   * await dataset.first();
   * const position = JSON.stringify(dataset.state());
   * for await (const line of dataset.resume(JSON.parse(position))) console.log(String.fromCharCode(...line)); // two
   * ```
   */
  override resume(state: PipeModeState, options?: ResumeOptions): Dataset<PipeModeElement<A>>;
  override resume(state: DatasetState): IterableDataset<PipeModeElement<A>>;
  override resume(
    state: PipeModeState | DatasetState,
    options: ResumeOptions = {},
  ): IterableDataset<PipeModeElement<A>> {
    if (typeof state === 'object' && state !== null && 'operators' in state) return super.resume(state);
    checkOptionNames('resume', options, { from: true });
    const { from = 'same' } = options;
    if (from !== 'same' && from !== 'next')
      throw new UsageError(`from: expected one of same, next, got ${String(from)}`);
    const source = this.#source;
    checkState(state, this.channel, source.channel.options.recordFormat, source.channel.files);
    let resume: Beginning['resume'] = { state: { ...state }, from };
    return new Dataset(() => {
      const reading = source.begin({ resume });
      resume = undefined;
      return source.stage(reading);
    });
  }
}

/** The state that all iterations of a dataset share. */
class ChannelSource<A extends readonly string[] | undefined> {
  readonly channel: Channel;
  readonly config: ChannelConfig;
  /** The latest iteration. */
  latest: EpochReading | undefined;
  readonly #attributes: A | undefined;

  constructor(name: string, { attributes, ...given }: PipeModeDatasetOptions<A>) {
    checkChannelName('channel', name);
    if (attributes !== undefined) checkAttributes(attributes);
    const options = pipeModeOptions(given);
    const { stateDir, configDir, lock, lockTimeoutMs, compat } = options;
    makeFolder(stateDir);
    this.config = channelConfig(readInputDataConfig(configDir), name, configDir);
    const files = !isPipeChannel(this.config);
    if (files && !options.fileModeFallback) throw notAPipeChannel(this.config, name, configDir);
    channelDecoding(options, false); // Checks the options of the format.
    const mistake = wrapperMistake(this.config, name, options.recordFormat, attributes !== undefined);
    if (mistake !== undefined) options.onWarning(mistake);
    const index = new ChannelIndex(name, { stateDir, lock, lockTimeoutMs, lenient: compat !== undefined });
    this.channel = { name, options, index, files };
    this.#attributes = attributes;
  }

  /** Returns the beginning of an iteration that continues from the position of a stage. */
  beginningAt(position: Position): Beginning | undefined {
    if (position === null) return undefined;
    const state = position as unknown as PipeModeState;
    const { name, options, files } = this.channel;
    checkState(state, name, options.recordFormat, files);
    return { resume: { state, from: 'same' } };
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

/**
 * Describes a probable mistake in a channel's `RecordWrapperType`. Returns undefined if there is
 * none.
 */
function wrapperMistake(
  { RecordWrapperType = 'None' }: ChannelConfig,
  channel: string,
  recordFormat: RecordFormatName,
  hasAttributes: boolean,
): string | undefined {
  const wrapped = RecordWrapperType.toLowerCase() === 'recordio';
  if (wrapped && recordFormat !== 'RecordIO')
    return `channel ${channel} has RecordWrapperType RecordIO, which wraps each object in a record, but the program reads the channel as ${recordFormat}; remove RecordWrapperType, or read the channel as RecordIO`;
  if (!wrapped && hasAttributes)
    return `channel ${channel} has RecordWrapperType ${RecordWrapperType}: nothing separates the attributes of an augmented manifest; start the job with RecordWrapperType RecordIO`;
  return undefined;
}
