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
  /** Default 0. */
  readonly firstEpoch: number;
  /** This host and all hosts, for `ShardedByS3Key`. Default: one host. */
  readonly hosts: Hosts;
  /** How to access objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /**
   * Whether to fetch nothing before a reader opened its pipe. Default false: the start of an epoch
   * is fetched before its reader comes.
   */
  readonly lazy: boolean;
  /** Whether to use existing named pipes, with or without readers. Default false: an error. */
  readonly force: boolean;
  /**
   * The lock that keeps two streamers from serving one channel in one folder. Default `flock`, by
   * the program of that name. `none`: no lock, for hosts without it; pipes of a killed streamer
   * then need `force`.
   */
  readonly lock: 'flock' | 'none';
  /**
   * Whether a reader that leaves before the end of an epoch is an error, also if the unread bytes
   * fit in the pipe. Default false: the next epoch starts, as in SageMaker.
   */
  readonly strictEof: boolean;
  /**
   * Whether missing and mixed shards, by their names, are an `incomplete-shards` error. Default
   * false: a warning.
   */
  readonly strictShards: boolean;
  /**
   * What a reader gets when its epoch cannot be completed. Default `close`: an end of file, as
   * after complete data. `hold`: no end; the pipe stays open, without more bytes, until the reader
   * closes it, and only then `run` rejects. `stop` and `signal` close pipes in any case.
   */
  readonly onFailure: 'close' | 'hold';
  /** Maximum time to wait for a reader. Default: unlimited. */
  readonly readerTimeoutMs: number | undefined;
  /**
   * Whether to skip missing objects, for augmented manifests with their lines. Default false: an
   * error.
   */
  readonly skipMissing: boolean;
  /** How to treat an unusable line of an augmented manifest. Default `error`; `skip` warns. */
  readonly onBadLine: 'error' | 'skip';
  /** Maximum length of a line of an augmented manifest, in bytes. Default 1 MiB. */
  readonly maxLineBytes: number;
  readonly onEvent: OnStreamEvent | undefined;
  /** Ends everything with an `aborted` error and removes the pipes. */
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

/** Options as given by the caller: `channels`, `pipeDir`, and others to override. */
export type StreamerInput = Pick<PipeModeStreamerOptions, 'channels' | 'pipeDir'> &
  Partial<PipeModeStreamerOptions>;

/** Completes and checks options. @throws UsageError */
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
  const twice = duplicateIn(channels.map(({ name }) => name));
  if (twice !== undefined) throw new UsageError(`channels: two channels have the name ${twice}`);
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
