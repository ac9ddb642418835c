import { checkOptionNames, typeName } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { checkWhole } from '../../formats/codec-options.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { duplicateIn } from '../job/config-file.ts';
import { type Hosts, hostsMistake, ONE_HOST } from '../job/resource-config.ts';
import { type StreamChannel, type StreamChannelInput, streamChannel } from '../job/stream-channel.ts';
import type { OnStreamEvent } from './stream-events.ts';

/** How to stream channels. Every field except `channels` and `pipeDir` has a default. */
export interface PipeModeStreamerOptions {
  readonly channels: readonly StreamChannelInput[];
  /** The folder of the named pipes, `CHANNEL_EPOCH`; created if missing. */
  readonly pipeDir: string;
  /** Number of epochs. Default: unlimited. */
  readonly epochs: number;
  /** Index of the first epoch. Default 0. */
  readonly firstEpoch: number;
  /** This host and all hosts, for `ShardedByS3Key`. Default: one host. */
  readonly hosts: Hosts;
  /** How to access objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /**
   * Whether to wait for the reader of an epoch before fetching it. Default false: fetches the start
   * of an epoch before its reader connects.
   */
  readonly lazy: boolean;
  /** Whether to use existing named pipes, with or without readers. Default false: an error. */
  readonly force: boolean;
  /**
   * The lock that prevents two streamers from serving the same channel in the same folder. Default
   * `flock`, which runs the `flock` program. `none`: no lock, for hosts without that program; pipes
   * of a killed streamer then require `force`.
   */
  readonly lock: 'flock' | 'none';
  /**
   * Whether a reader that leaves before the end of an epoch is an error, even if the unread bytes
   * fit in the pipe. Default false: the next epoch starts, as in SageMaker.
   */
  readonly strictEof: boolean;
  /**
   * Whether missing or mixed shards, detected by name, are an `incomplete-shards` error. Default
   * false: a warning.
   */
  readonly strictShards: boolean;
  /**
   * What a reader gets when its epoch cannot be completed. Default `close`: an end of file, as
   * after complete data. `hold`: no end of file; the pipe stays open without more bytes until the
   * reader closes it, and only then does `run` reject. `stop` and `signal` always close pipes.
   */
  readonly onFailure: 'close' | 'hold';
  /** Maximum time to wait for a reader. Default: unlimited. */
  readonly readerTimeoutMs: number | undefined;
  /**
   * Whether to skip missing objects. For augmented manifests, skips their lines. Default false: an
   * error.
   */
  readonly skipMissing: boolean;
  /** How to treat an invalid line of an augmented manifest. Default `error`; `skip` warns. */
  readonly onBadLine: 'error' | 'skip';
  /** Maximum length of a line of an augmented manifest, in bytes. Default 1 MiB. */
  readonly maxLineBytes: number;
  readonly onEvent: OnStreamEvent | undefined;
  /** Ends the run with an `aborted` error and removes the pipes. */
  readonly signal: AbortSignal | undefined;
}

/** Complete and checked options. */
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
  strictShards: false,
  onFailure: 'close',
  readerTimeoutMs: undefined,
  skipMissing: false,
  onBadLine: 'error',
  maxLineBytes: 1024 * 1024,
  onEvent: undefined,
  signal: undefined,
});

const CHOICES = {
  lock: ['flock', 'none'],
  onFailure: ['close', 'hold'],
  onBadLine: ['error', 'skip'],
} as const;

/** Options as given by the caller: `channels`, `pipeDir`, and overrides of the defaults. */
export type StreamerInput = Pick<PipeModeStreamerOptions, 'channels' | 'pipeDir'> &
  Partial<PipeModeStreamerOptions>;

/** Applies defaults and validates options. @throws UsageError */
export function streamerOptions(given: StreamerInput): CheckedStreamerOptions {
  if (typeof given !== 'object' || given === null)
    throw new UsageError(`PipeModeStreamer: expected an object with options, got ${typeName(given)}`);
  checkOptionNames('PipeModeStreamer', given, { channels: true, pipeDir: true, ...DEFAULT_STREAMER_OPTIONS });
  if (!Array.isArray(given.channels))
    throw new UsageError(`channels: expected an array of channels, got ${typeName(given.channels)}`);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = { ...DEFAULT_STREAMER_OPTIONS, ...(Object.fromEntries(present) as typeof given) };
  const channels = options.channels.map(streamChannel);
  if (channels.length === 0) throw new UsageError('channels: expected at least one');
  const duplicate = duplicateIn(channels.map(({ name }) => name));
  if (duplicate !== undefined) throw new UsageError(`channels: two channels have the name ${duplicate}`);
  if (typeof options.pipeDir !== 'string' || options.pipeDir === '')
    throw new UsageError(`pipeDir: expected the path of a folder, got ${JSON.stringify(options.pipeDir)}`);
  checkWhole('epochs', options.epochs, 1, Number.POSITIVE_INFINITY);
  checkWhole('firstEpoch', options.firstEpoch, 0, 2 ** 31 - 1);
  checkWhole('maxLineBytes', options.maxLineBytes, 1, 2 ** 30);
  const mistake = hostsMistake(options.hosts);
  if (mistake !== undefined) throw new UsageError(mistake);
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value = options[name as keyof typeof CHOICES];
    if (!(allowed as readonly string[]).includes(value))
      throw new UsageError(`${name}: expected one of ${allowed.join(', ')}, got ${String(value)}`);
  }
  return { ...options, channels };
}
