import { mkdirSync } from 'node:fs';
import { abortError } from '../../bytes/abortable.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { hostRank } from '../job/environment.ts';
import { ChannelRun } from './channel-run.ts';
import { openContent } from './content/open-content.ts';
import { fetchEpoch } from './epoch-bytes.ts';
import type { StreamChannel } from './stream-channel.ts';
import type { ChannelMetrics } from './stream-events.ts';
import { type CheckedStreamerOptions, type StreamerInput, streamerOptions } from './streamer-options.ts';
import type { TrainingProgram } from './training-program.ts';

/**
 * Streams S3 objects or local files into named pipes, as SageMaker's Pipe mode does for a training job: each channel
 * epoch by epoch, each epoch through a pipe of its own, `CHANNEL_EPOCH`.
 *
 * The pipe of the next epoch exists before this one ends. A reader may leave early: then its epoch is over. A reader
 * that pauses pauses the requests for its objects; channels share the requests of the process fairly. How objects are
 * ordered, split among hosts and shuffled: `epochOrder` in the source.
 *
 * **A pipe cannot carry an error.** When an epoch cannot be completed, or the streamer is stopped, its reader finds an
 * end of file like any other. So that it does not take truncated data for complete data, do one of these:
 * - start it as a {@link TrainingProgram} and pass that to {@link supervise}: all its processes are stopped before the
 *   pipe is closed, also if this process is killed;
 * - end it yourself in {@link beforeCut}, which is awaited before the pipe is closed;
 * - set `onFailure: 'hold'`: after a failure the pipe stays open, without more bytes, until the reader closes it;
 * - have it read `CHANNEL.status.json` beside the pipes, which says whether the epoch was complete.
 *
 * `run` rejects with what went wrong; the pipes are removed in any case. Needs the programs `mkfifo` and `flock`. Linux.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
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
  #running: Promise<void> | undefined;
  #beforeCut: (error: unknown) => Promise<void> = async () => {};
  #program: TrainingProgram | undefined;
  readonly #ready: Promise<void>;
  #isReady: () => void = () => {};
  #isNotReady: (error: unknown) => void = () => {};
  #listed = 0;

  /** @throws UsageError for a value that no option accepts */
  constructor(given: StreamerInput) {
    this.#options = streamerOptions(given);
    this.#ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isNotReady = reject;
    });
    this.#ready.catch(() => {}); // run() rejects as well
    const signals = [this.#stop.signal, ...(given.signal === undefined ? [] : [given.signal])];
    // Each channel listens to one of its own: Node warns of a signal with many listeners.
    this.#runs = this.#options.channels.map((one) => this.#channelRun(one, AbortSignal.any(signals)));
  }

  /** How far each channel is. */
  get metrics(): ChannelMetrics[] {
    return this.#runs.map((run) => run.metrics);
  }

  /**
   * Fulfilled when the first pipe of each channel exists and its objects are listed. Rejects with the error of `run`
   * if it fails before that, or with `aborted` if the streamer is stopped before. Whoever awaits it may await `run`
   * later: its rejection then counts as handled.
   */
  get ready(): Promise<void> {
    this.#running?.catch(() => {});
    return this.#ready;
  }

  /**
   * Serves all channels until the requested epochs have been read. The first failure ends all channels.
   * @throws RecordpipeError `object-missing`, `object-changed`, `access-denied`, `retries-exhausted`, `malformed-manifest`, `missing-attribute`, `reader-timeout`,
   * `already-exists`, `corrupt-compressed-stream`, `io-failure`, `aborted`, …
   */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  /** Ends the run: requests are cancelled, readers find the end of their pipes, and the pipes are removed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#isNotReady(abortError(this.#stop.signal));
    await this.#running?.catch(() => {});
  }

  /**
   * Work to do before a pipe is closed whose bytes are incomplete, after a failure or because the streamer is stopped:
   * for example to end the program that would take that for the end of its data.
   */
  set beforeCut(work: (error: unknown) => Promise<void>) {
    this.#beforeCut = work;
  }

  /**
   * Couples the streamer with the program that reads its pipes: before a pipe is closed whose bytes are incomplete, all
   * processes of the program are stopped; if this process is killed, a guard process stops them.
   */
  supervise(program: TrainingProgram): void {
    this.#program = program;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #runAll(): Promise<void> {
    try {
      await this.#serveAll();
    } catch (error) {
      this.#isNotReady(error);
      throw error;
    }
  }

  async #serveAll(): Promise<void> {
    const { pipeDir } = this.#options;
    try {
      mkdirSync(pipeDir, { recursive: true });
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'EEXIST'
        ? noFolder(pipeDir, error)
        : fileError(error, pipeDir);
    }
    let failure: unknown;
    await Promise.all(
      this.#runs.map(async (run) => {
        try {
          await run.run();
        } catch (error) {
          // Those that the first failure has ended say nothing new.
          if (failure === undefined || isRecordpipeError(failure, 'aborted')) failure = error;
          this.#stop.abort();
        }
      }),
    );
    if (failure !== undefined) throw failure;
  }

  #channelRun(channel: StreamChannel, signal: AbortSignal): ChannelRun {
    const {
      pipeDir,
      onEvent = () => {},
      objects,
      hosts,
      skipMissing,
      onBadLine,
      maxLineBytes,
    } = this.#options;
    const { name, distribution, compression, recordWrapper } = channel;
    const warn = (code: string, message: string): void =>
      onEvent({ event: 'warning', channel: name, code, message });
    const share = distribution === 'ShardedByS3Key' ? hostRank(hosts) : undefined;
    return new ChannelRun({
      ...this.#options,
      channel: name,
      folder: pipeDir,
      signal,
      onEvent: (event) => {
        onEvent(event);
        if (event.event === 'channel' && ++this.#listed === this.#runs.length) this.#isReady();
      },
      open: (whole) => openContent(channel, { share, objects, onBadLine, maxLineBytes, signal: whole, warn }),
      fetch: (content, epoch) =>
        fetchEpoch(content, epoch, {
          compression,
          recordWrapper,
          skipMissing,
          signal,
          objects: {
            ...objects,
            onEvent: (event) => {
              if (event.type === 'restarted' || event.type === 'unverified')
                warn(
                  event.type === 'restarted' ? 'object-changed' : 'object-unverified',
                  `${event.uri}: ${event.reason}`,
                );
            },
          },
          onSkipped: (error, item) => {
            const line = item?.line === undefined ? '' : `; line ${item.line} of the manifest is left out`;
            warn('object-missing', `${error.message}${line}`);
          },
        }),
      beforeCut: async (error) => {
        await this.#beforeCut(error);
        await this.#program?.stop();
      },
      guard: (descriptor) => this.#program?.guard(descriptor),
    });
  }
}

function noFolder(pipeDir: string, cause: unknown): RecordpipeError {
  const what = 'the pipes need a folder, and this is a file; choose another name';
  return new RecordpipeError('unsupported-source', what, { uri: pipeDir }, cause);
}
