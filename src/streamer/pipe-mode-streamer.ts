import { mkdirSync } from 'node:fs';
import { fileError } from '../bytes/file-errors.ts';
import { isRecordpipeError, RecordpipeError } from '../errors.ts';
import { hostRank } from '../pipemode/resource-config.ts';
import { ChannelRun } from './channel-run.ts';
import { openContent } from './content/open-content.ts';
import { fetchEpoch } from './epoch-bytes.ts';
import type { StreamChannel } from './stream-channel.ts';
import type { ChannelMetrics } from './stream-events.ts';
import { type CheckedStreamerOptions, type StreamerInput, streamerOptions } from './streamer-options.ts';

/**
 * Streams S3 objects or local files into named pipes, as SageMaker's Pipe mode does for a training job: channel by channel, each epoch through a pipe of its own, `CHANNEL_EPOCH`.
 *
 * The pipe of the next epoch is there before that of this one ends. A reader may leave early: then its epoch is over. A reader that stops stops the requests for its
 * objects; channels share the requests of the process fairly. A pipe cannot carry an error: what went wrong is thrown by `run`, and stands in
 * `CHANNEL.status.json` beside the pipes, which are taken away in any case. How objects are ordered, split among hosts and shuffled: `epochOrder` in the source.
 *
 * Needs the programs `mkfifo` and `flock`. Linux.
 *
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { readFile } from 'node:fs/promises';
 * import { PipeModeStreamer } from 'recordpipe/streamer';
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
  #beforeCut: (error: RecordpipeError) => Promise<void> = async () => {};
  #isReady: () => void = () => {};
  #listed = 0;
  /** Fulfilled when the first pipe of each channel is there and its objects have been listed; never where that fails. */
  readonly ready: Promise<void>;

  /** @throws UsageError for a value that no option has */
  constructor(given: StreamerInput) {
    this.#options = streamerOptions(given);
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
    const signals = [this.#stop.signal, ...(given.signal === undefined ? [] : [given.signal])];
    // Each channel listens to one of its own: Node warns of a signal with many listeners.
    this.#runs = this.#options.channels.map((one) => this.#channelRun(one, AbortSignal.any(signals)));
  }

  /** How far each channel is. */
  get metrics(): ChannelMetrics[] {
    return this.#runs.map((run) => run.metrics);
  }

  /**
   * Serves all channels, until as many epochs as were asked for have been read. The first failure ends all channels.
   * @throws RecordpipeError `object-missing`, `object-changed`, `access-denied`, `retries-exhausted`, `malformed-manifest`, `missing-attribute`, `reader-timeout`,
   * `already-exists`, `corrupt-compressed-stream`, `io-failure`, `aborted`, …
   */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  /** Ends the run: requests are given up, readers find the end, pipes are taken away. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
  }

  /** What is to be done before a pipe whose bytes are not complete is closed, for example to end the program that would take that for the end of its data. */
  set beforeCut(work: (error: RecordpipeError) => Promise<void>) {
    this.#beforeCut = work;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #runAll(): Promise<void> {
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
      beforeCut: (error) => this.#beforeCut(error),
    });
  }
}

function noFolder(pipeDir: string, cause: unknown): RecordpipeError {
  const what = 'the pipes need a folder, and this is a file; choose another name';
  return new RecordpipeError('unsupported-source', what, { uri: pipeDir }, cause);
}
