import { checkOptionNames, typeName } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { checkWhole } from '../../formats/codec-options.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import type { ResourceConfig } from '../job/environment.ts';
import { ONE_HOST } from '../job/training-files.ts';
import { type StreamChannel, type StreamChannelInput, streamChannel } from './stream-channel.ts';
import type { OnStreamEvent } from './stream-events.ts';

/** How channels are streamed. Every field but `channels` and `pipeDir` has a default. */
export interface PipeModeStreamerOptions {
  readonly channels: readonly StreamChannelInput[];
  /** The folder of the named pipes, `CHANNEL_EPOCH`. Made if it is not there. */
  readonly pipeDir: string;
  /** How many epochs are served. Default: as many as are read. */
  readonly epochs: number;
  /** Default 0. */
  readonly firstEpoch: number;
  /** This host and all hosts, for `ShardedByS3Key`. Default: one host. */
  readonly hosts: Pick<ResourceConfig, 'current_host' | 'hosts'>;
  /** How objects are reached and fetched. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Whether nothing is fetched before a reader has opened its pipe. Default false: the first part of an epoch waits for its reader. */
  readonly lazy: boolean;
  /** Whether named pipes that are there already, with readers or without, are used. Default false: they are an error. */
  readonly force: boolean;
  /**
   * What keeps two streamers from serving one channel in one folder. Default `flock`, by the program of that name.
   * `none`: nothing, for hosts without it; pipes of a streamer that was killed then need `force`.
   */
  readonly lock: 'flock' | 'none';
  /**
   * Whether a reader that leaves before the end of an epoch is an error, also if all that it left fits into the pipe.
   * Default false: the next epoch begins, as in SageMaker.
   */
  readonly strictEof: boolean;
  /**
   * What a reader finds when its epoch cannot be completed. Default `close`: the end of its pipe, which looks like that
   * of complete data. `hold`: no end; the pipe stays open, without more bytes, until the reader closes it, and only then
   * `run` rejects. `stop` and `signal` close pipes in any case.
   */
  readonly onFailure: 'close' | 'hold';
  /** So long a reader of a pipe is waited for. Default: as long as it takes. */
  readonly readerTimeoutMs: number | undefined;
  /** Whether objects that are not there are left out, of augmented manifests with their lines. Default false: they are an error. */
  readonly skipMissing: boolean;
  /** What a line of an augmented manifest is that cannot be used: an error, or left out with a warning. Default `error`. */
  readonly onBadLine: 'error' | 'skip';
  /** Longest line of an augmented manifest. Default 1 MiB. */
  readonly maxLineBytes: number;
  readonly onEvent: OnStreamEvent | undefined;
  /** Ends everything with an `aborted` error; pipes are taken away. */
  readonly signal: AbortSignal | undefined;
}

/** Options that are complete and checked. */
export interface CheckedStreamerOptions extends Omit<PipeModeStreamerOptions, 'channels'> {
  readonly channels: readonly StreamChannel[];
}

export const DEFAULT_STREAMER_OPTIONS: Omit<PipeModeStreamerOptions, 'channels' | 'pipeDir'> = Object.freeze({
  epochs: Number.POSITIVE_INFINITY,
  firstEpoch: 0,
  hosts: ONE_HOST,
  objects: undefined,
  lazy: false,
  force: false,
  lock: 'flock',
  strictEof: false,
  onFailure: 'close',
  readerTimeoutMs: undefined,
  skipMissing: false,
  onBadLine: 'error',
  maxLineBytes: 1024 * 1024,
  onEvent: undefined,
  signal: undefined,
});

/** What is given: `channels`, `pipeDir`, and what differs from the defaults. */
export type StreamerInput = Pick<PipeModeStreamerOptions, 'channels' | 'pipeDir'> &
  Partial<PipeModeStreamerOptions>;

/** @throws UsageError for a value that no option has */
export function streamerOptions(given: StreamerInput): CheckedStreamerOptions {
  if (typeof given !== 'object' || given === null)
    throw new UsageError(`PipeModeStreamer: expected an object with options, got ${typeName(given)}`);
  checkOptionNames('PipeModeStreamer', given, { channels: true, pipeDir: true, ...DEFAULT_STREAMER_OPTIONS });
  if (!Array.isArray(given.channels))
    throw new UsageError(`channels: expected an array of channels, got ${typeName(given.channels)}`);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = { ...DEFAULT_STREAMER_OPTIONS, ...(Object.fromEntries(present) as typeof given) };
  const channels = given.channels.map(streamChannel);
  if (channels.length === 0) throw new UsageError('channels: expected at least one');
  const names = channels.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`channels: there are two of the name ${twice}`);
  if (typeof options.pipeDir !== 'string' || options.pipeDir === '')
    throw new UsageError(`pipeDir: expected the path of a folder, got ${JSON.stringify(options.pipeDir)}`);
  checkWhole('epochs', options.epochs, 1, Number.POSITIVE_INFINITY);
  checkWhole('firstEpoch', options.firstEpoch, 0, 2 ** 31 - 1);
  checkWhole('maxLineBytes', options.maxLineBytes, 1, 2 ** 30);
  checkHosts(options.hosts.hosts);
  if (!options.hosts.hosts.includes(options.hosts.current_host))
    throw new UsageError(
      `hosts: expected current_host to be one of ${options.hosts.hosts.join(', ')}, got ${options.hosts.current_host}`,
    );
  if (options.lock !== 'flock' && options.lock !== 'none')
    throw new UsageError(`lock: expected one of flock, none, got ${String(options.lock)}`);
  if (options.onFailure !== 'close' && options.onFailure !== 'hold')
    throw new UsageError(`onFailure: expected one of close, hold, got ${String(options.onFailure)}`);
  if (options.onBadLine !== 'error' && options.onBadLine !== 'skip')
    throw new UsageError(`onBadLine: expected one of error, skip, got ${String(options.onBadLine)}`);
  return { ...options, channels };
}

/** Two hosts of one name would both be given the share of the first. */
function checkHosts(hosts: readonly string[]): void {
  const twice = hosts.find((name, i) => hosts.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`hosts: expected distinct names, got ${twice} twice`);
}
