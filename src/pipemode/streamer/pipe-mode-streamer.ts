import { closeSync } from 'node:fs';
import { abortError } from '../../bytes/abortable.ts';
import { isRecordpipeError, UsageError } from '../../errors.ts';
import { makeFolder } from '../../storage/local/make-folder.ts';
import { threadBlocks } from '../../storage/prefetch/block-memory.ts';
import { hostRank } from '../job/resource-config.ts';
import type { StreamChannel } from '../job/stream-channel.ts';
import { ChannelIndex } from '../reader/channel-index.ts';
import { type ChannelContent, type EpochMaking, transferWarnings } from './channel-content.ts';
import { ChannelRun } from './channel-run.ts';
import type { ChannelServing } from './channel-serving.ts';
import { type OwnFifo, openPlace } from './fifo.ts';
import { openContent } from './open-content.ts';
import type { ProgramGuard } from './program-guard.ts';
import { channelIdentity, checkIdentity } from './resume/channel-identity.ts';
import { maxPipeBytes } from './resume/channel-position.ts';
import { CheckpointFile } from './resume/checkpoint-file.ts';
import { divisionOf, findPosition } from './resume/find-position.ts';
import { type ResumePoint, resumedEpoch, resumePoints } from './resume/resume-points.ts';
import { fetchEpochFrom } from './resume/resumed-epoch.ts';
import type { ChannelMetrics, StreamEvent } from './stream-events.ts';
import { type CheckedStreamerOptions, type StreamerInput, streamerOptions } from './streamer-options.ts';
import type { TrainingProgram } from './training-program.ts';

/** Events after which a checkpoint is written. */
const CHECKPOINT_EVENTS: ReadonlySet<StreamEvent['event']> = new Set(['channel', 'epoch-start', 'epoch-end']);

/**
 * Streams S3 objects or local files into named pipes, as SageMaker's Pipe mode does for a training
 * job. Each channel is streamed epoch by epoch, and each epoch has its own pipe, `CHANNEL_EPOCH`.
 *
 * The pipe of the next epoch exists before the current epoch ends. If a reader leaves early, its
 * epoch ends. If a reader pauses, the requests for its objects pause too. Channels share the
 * requests of the process fairly. `epochOrder` in the source describes how objects are ordered,
 * split among hosts and shuffled.
 *
 * **A pipe cannot carry an error.** If an epoch cannot be completed, or if the streamer is stopped,
 * the reader receives an ordinary end of file. To prevent it from treating truncated data as
 * complete, do one of the following:
 * - Start the reader as a {@link TrainingProgram} and pass it to {@link supervise}. All of its
 *   processes are stopped before the pipe is closed, even if this process is killed.
 * - Stop the reader in {@link beforeCut}, which is awaited before the pipe is closed.
 * - Set `onFailure: 'hold'`. After a failure, the pipe stays open without more bytes until the
 *   reader closes it.
 * - Make the reader check `CHANNEL.status.json` next to the pipes, which states whether the epoch
 *   was complete.
 *
 * `run` rejects with the failure. The pipes are always removed. Requires Linux and the program
 * `mkfifo`.
 *
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { readFile } from 'node:fs/promises';
 * import { PipeModeStreamer } from 'recordpipe/pipemode/streamer';
 * mkdirSync('parts');
 * writeFileSync('parts/a.txt', 'one\n');
 * writeFileSync('parts/b.txt', 'two\n');
 * const channels = [{ name: 'train', uri: 'parts' }]; // or s3://bucket/prefix
 * const streamer = new PipeModeStreamer({ channels, pipeDir: 'pipes', epochs: 1 });
 * const running = streamer.run();
 * await streamer.ready;
 * console.log((await readFile('pipes/train_0', 'utf8')).split('\n')); // [ 'one', 'two', '' ]
 * await running;
 * ```
 */
export class PipeModeStreamer {
  readonly #options: CheckedStreamerOptions;
  readonly #stop = new AbortController();
  readonly #runs: readonly ChannelRun[];
  readonly #points: ReadonlyMap<string, ResumePoint>;
  readonly #checkpoint: CheckpointFile | undefined;
  #running: Promise<void> | undefined;
  #beforeCut: (error: unknown) => Promise<void> = async () => {};
  #program: TrainingProgram | undefined;
  readonly #ready: Promise<void>;
  #isReady: () => void = () => {};
  #isNotReady: (error: unknown) => void = () => {};
  #listed = 0;

  /**
   * Creates a streamer. Call `run` to start it.
   * @throws UsageError for an unknown option or an invalid value
   * @throws RecordpipeError `malformed-state`, `not-resumable` for an invalid position in `resume`
   */
  constructor(given: StreamerInput) {
    this.#options = streamerOptions(given);
    const names = this.#options.channels.map(({ name }) => name);
    this.#points = resumePoints(this.#options.resume, names);
    this.#checkpoint = this.#checkpointFile();
    this.#ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isNotReady = reject;
    });
    this.#ready.catch(() => {}); // `run` rejects with the same error.
    const signals = [this.#stop.signal, ...(given.signal === undefined ? [] : [given.signal])];
    // Each channel has its own signal, because Node warns about a signal with many listeners.
    this.#runs = this.#options.channels.map((one) => this.#channelRun(one, AbortSignal.any(signals)));
  }

  /** The progress of each channel. */
  get metrics(): ChannelMetrics[] {
    return this.#runs.map((run) => run.metrics);
  }

  /**
   * Resolves once the first pipe of each channel exists and the objects of each channel are listed.
   * Rejects with the error of `run` if it fails before that, or with `aborted` if the streamer is
   * stopped before that. After awaiting `ready`, you may await `run` later: its rejection then
   * counts as handled.
   */
  get ready(): Promise<void> {
    this.#running?.catch(() => {});
    return this.#ready;
  }

  /**
   * Serves all channels until the requested epochs have been read. The first failure ends all
   * channels.
   * @throws RecordpipeError `object-missing`, `object-changed`, `access-denied`,
   *   `retries-exhausted`, `malformed-manifest`, `missing-attribute`, `incomplete-shards`,
   *   `reader-timeout`, `already-exists`, `corrupt-compressed-stream`, `io-failure`, `aborted`, …
   */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  /** Ends the run: cancels requests, and closes and removes the pipes. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#isNotReady(abortError(this.#stop.signal));
    await this.#running?.catch(() => {});
  }

  /**
   * Sets a callback that is awaited before a pipe with incomplete data is closed, either after a
   * failure or because the streamer is stopped. For example, it can end the program that would
   * treat the close as the end of its data.
   */
  set beforeCut(work: (error: unknown) => Promise<void>) {
    this.#beforeCut = work;
  }

  /**
   * Registers the program that reads the pipes. All of its processes are stopped before a pipe with
   * incomplete data is closed. If this process is killed, a guard process stops them.
   */
  supervise(program: TrainingProgram): void {
    this.#program = program;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #runAll(): Promise<void> {
    // Epochs pass their memory on to each other.
    const leaveBlocks = threadBlocks.enter();
    try {
      makeFolder(this.#options.pipeDir);
      this.#checkpoint?.start();
      await this.#setIndexes();
      let failure: unknown;
      const serve = async (run: ChannelRun): Promise<void> => {
        try {
          await run.run();
        } catch (error) {
          // The first failure aborts the other channels.
          if (failure === undefined || isRecordpipeError(failure, 'aborted')) failure = error;
          this.#stop.abort();
        }
      };
      await Promise.all(this.#runs.map(serve));
      if (failure !== undefined) throw failure;
    } catch (error) {
      this.#isNotReady(error);
      throw error;
    } finally {
      this.#checkpoint?.end();
      leaveBlocks();
    }
  }

  /** Makes readers that keep an index start with the epochs that are resumed. */
  async #setIndexes(): Promise<void> {
    const { stateDir, lock } = this.#options;
    if (stateDir === undefined || this.#points.size === 0) return;
    makeFolder(stateDir);
    for (const [channel, point] of this.#points) {
      const index = new ChannelIndex(channel, { stateDir, lock, lockTimeoutMs: 30_000, lenient: true });
      await index.update(this.#stop.signal, async () => resumedEpoch(point));
    }
  }

  #checkpointFile(): CheckpointFile | undefined {
    const { checkpoint, onEvent = () => {} } = this.#options;
    if (checkpoint === undefined) return undefined;
    const { path } = checkpoint;
    return new CheckpointFile(
      checkpoint,
      () => Object.fromEntries(this.#runs.map((run) => [run.channel, run.checkpoint])),
      ({ channels }) => {
        const positions = Object.entries(channels).map(([channel, { epoch, records, bytes }]) => [
          channel,
          { epoch, records, bytes },
        ]);
        onEvent({ event: 'checkpoint', path, channels: Object.fromEntries(positions) });
      },
      (error) => {
        for (const { channel } of this.#runs)
          onEvent({ event: 'warning', channel, code: 'checkpoint-failed', message: error.message });
      },
    );
  }

  #channelRun(channel: StreamChannel, signal: AbortSignal): ChannelRun {
    const options = this.#options;
    const { onEvent = () => {}, hosts, checkpoint, firstEpoch } = options;
    const { name, distribution } = channel;
    const warn = (code: string, message: string): void =>
      onEvent({ event: 'warning', channel: name, code, message });
    const share = distribution === 'ShardedByS3Key' ? hostRank(hosts) : undefined;
    const point = this.#points.get(name);
    const startEpoch = (point && resumedEpoch(point)) ?? firstEpoch;
    if (startEpoch < firstEpoch)
      throw new UsageError(
        `firstEpoch: expected at most ${startEpoch}, the epoch at which channel ${name} resumes, got ${firstEpoch}`,
      );
    const making: EpochMaking = {
      compression: channel.compression,
      recordWrapper: channel.recordWrapper,
      skipMissing: options.skipMissing,
      signal,
      objects: {
        ...options.objects,
        onEvent: transferWarnings(warn),
      },
      onSkipped: (error, item) => {
        const line = item?.line === undefined ? '' : `; line ${item.line} of the manifest is skipped`;
        warn('object-missing', `${error.message}${line}`);
      },
    };
    const resume = async (
      content: ChannelContent,
      at: ResumePoint,
    ): ReturnType<NonNullable<ChannelServing['resume']>> => {
      if (at.checkpoint !== undefined)
        checkIdentity(name, channel.uri, channelIdentity(channel, content, share), at.checkpoint.content);
      const isRegular = !options.skipMissing && options.onBadLine === 'error';
      const found = await findPosition({ channel, content, making, isRegular }, at);
      return { ...found, exact: at.reader !== undefined };
    };
    return new ChannelRun({
      ...options,
      channel: name,
      startEpoch,
      unreadBytes: maxPipeBytes() + (checkpoint?.readAheadBytes ?? 0),
      isFollowed: checkpoint !== undefined,
      division: divisionOf(channel),
      resume: point && ((content) => resume(content, point)),
      identify: (content) => channelIdentity(channel, content, share),
      folder: options.pipeDir,
      signal,
      onEvent: (event) => {
        onEvent(event);
        if (CHECKPOINT_EVENTS.has(event.event)) this.#checkpoint?.write();
        if (event.event === 'channel' && ++this.#listed === this.#runs.length) this.#isReady();
      },
      open: (whole) => openContent(channel, { ...options, share, signal: whole, warn }),
      fetch: (content, epoch, at, onPlace) => fetchEpochFrom(content, epoch, { ...making, onPlace }, at),
      beforeCut: async (error) => {
        await this.#beforeCut(error);
        await this.#program?.stop();
      },
      guard: (fifo) => this.#guard(fifo),
      programEnded: () => (this.#program?.running ? this.#program.ended : undefined),
    });
  }

  #guard(fifo: OwnFifo): ProgramGuard | undefined {
    const program = this.#program;
    // Only Linux can pass on a pipe that waits for its reader.
    if (!program?.running || process.platform !== 'linux') return undefined;
    const place = openPlace(fifo);
    try {
      return program.guard(place);
    } finally {
      closeSync(place);
    }
  }
}
