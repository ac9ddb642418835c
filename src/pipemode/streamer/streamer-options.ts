import { checkOptionNames, typeName } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { checkWhole } from '../../formats/codec-options.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { duplicateIn } from '../job/config-file.ts';
import { type Hosts, hostsMistake, ONE_HOST } from '../job/resource-config.ts';
import { type StreamChannel, type StreamChannelInput, streamChannel } from '../job/stream-channel.ts';
import type { OnStreamEvent } from './stream-events.ts';

/** Options for writing the checkpoint of a streamer. */
export interface CheckpointOptions {
  /** Path of the file. Its folder is created if it does not exist. */
  readonly path: string;
  /** Interval between writes. The default is 5,000 ms. */
  readonly everyMs?: number | undefined;
  /**
   * Number of bytes that the reader may have read from a pipe without having processed them, in
   * addition to the bytes in the pipe. The default is 0.
   */
  readonly readAheadBytes?: number | undefined;
  /** Whether to replace an existing checkpoint. By default, false: it is an error. */
  readonly overwrite?: boolean | undefined;
}

export const DEFAULT_CHECKPOINT_EVERY_MS = 5000;

/** Options for streaming channels. Every field except `channels` and `pipeDir` has a default. */
export interface PipeModeStreamerOptions {
  /** The channels to stream. */
  readonly channels: readonly StreamChannelInput[];
  /** The folder of the named pipes, `CHANNEL_EPOCH`. Created if it does not exist. */
  readonly pipeDir: string;
  /** Number of epochs. Unlimited by default. */
  readonly epochs: number;
  /** Index of the first epoch. The default is 0. */
  readonly firstEpoch: number;
  /**
   * The current host and all hosts of the job, for `ShardedByS3Key`. The default is a single host.
   */
  readonly hosts: Hosts;
  /** Options for accessing objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /**
   * Whether to wait for the reader of an epoch before fetching the epoch. By default, false: the
   * start of an epoch is fetched before its reader connects.
   */
  readonly lazy: boolean;
  /**
   * Whether to use existing named pipes, with or without readers. By default, false: existing pipes
   * are an error.
   */
  readonly force: boolean;
  /**
   * The lock that prevents two streamers from serving the same channel in the same folder. The
   * default is `flock`: a flock(2), taken with `flock`, `perl` or `python3`, whichever is found
   * first. If none is installed, a socket is used, with a warning; it excludes only streamers that
   * also use a socket. `none` takes no lock; reusing the pipes of a killed streamer then requires
   * `force`.
   */
  readonly lock: 'flock' | 'none';
  /**
   * Whether it is an error if a reader leaves before the end of an epoch, even if the unread bytes
   * fit in the pipe. By default, false: the next epoch starts, as in SageMaker.
   */
  readonly strictEof: boolean;
  /**
   * Whether missing or mixed shards, which are detected by name, are an `incomplete-shards` error.
   * By default, false: they cause a warning.
   */
  readonly strictShards: boolean;
  /**
   * What a reader receives if its epoch cannot be completed. `close`, the default: an end of file,
   * as after complete data. `hold`: no end of file; the pipe stays open without more bytes until
   * the reader closes it, and only then does `run` reject. `stop` and `signal` always close the
   * pipes.
   */
  readonly onFailure: 'close' | 'hold';
  /** Maximum time to wait for a reader. Unlimited by default. */
  readonly readerTimeoutMs: number | undefined;
  /**
   * Whether to skip missing objects. In an augmented manifest, the lines of missing objects are
   * skipped. By default, false: a missing object is an error.
   */
  readonly skipMissing: boolean;
  /**
   * How to handle an invalid line of an augmented manifest. The default is `error`. `skip` skips
   * the line and warns.
   */
  readonly onBadLine: 'error' | 'skip';
  /** Maximum length of a line of an augmented manifest, in bytes. The default is 1 MiB. */
  readonly maxLineBytes: number;
  /**
   * Positions to resume from, as parsed JSON: checkpoints that a streamer wrote, states of
   * `PipeModeDataset` or of iterators of datasets derived from it, or objects that map channels to `{ epoch, records }` or to such states. A
   * reader's position takes precedence over a checkpoint. By default, all channels start with
   * `firstEpoch`. The last epoch is the same in both cases: `firstEpoch + epochs - 1`.
   */
  readonly resume: readonly unknown[];
  /** Where to write checkpoints. By default, none are written. */
  readonly checkpoint: CheckpointOptions | undefined;
  /**
   * The folder of the epoch index of `PipeModeDataset` and `sagemaker_tensorflow`. If given, the
   * index of each resumed channel is set to its epoch, so that the reader starts there.
   */
  readonly stateDir: string | undefined;
  /** Called with each event. */
  readonly onEvent: OnStreamEvent | undefined;
  /** Signal that ends the run with an `aborted` error and removes the pipes. */
  readonly signal: AbortSignal | undefined;
}

/** Complete, validated options. */
export interface CheckedStreamerOptions extends Omit<PipeModeStreamerOptions, 'channels'> {
  readonly channels: readonly StreamChannel[];
}

/** Default options of {@link PipeModeStreamer}. */
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
  resume: Object.freeze([]),
  checkpoint: undefined,
  stateDir: undefined,
  onEvent: undefined,
  signal: undefined,
});

const CHOICES = {
  lock: ['flock', 'none'],
  onFailure: ['close', 'hold'],
  onBadLine: ['error', 'skip'],
} as const;

/**
 * Options as given by the caller: `channels`, `pipeDir`, and any options that override defaults.
 */
export type StreamerInput = Pick<PipeModeStreamerOptions, 'channels' | 'pipeDir'> &
  Partial<PipeModeStreamerOptions>;

/** Applies defaults and validates the options. @throws UsageError for an invalid option */
export function streamerOptions(given: StreamerInput): CheckedStreamerOptions {
  if (typeof given !== 'object' || given === null)
    throw new UsageError(`PipeModeStreamer: expected an object with options, got ${typeName(given)}`);
  checkOptionNames('PipeModeStreamer', given, { channels: true, pipeDir: true, ...DEFAULT_STREAMER_OPTIONS });
  if (!Array.isArray(given.channels))
    throw new UsageError(`channels: expected an array of channels, got ${typeName(given.channels)}`);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = { ...DEFAULT_STREAMER_OPTIONS, ...(Object.fromEntries(present) as typeof given) };
  const channels = options.channels.map(streamChannel);
  if (channels.length === 0) throw new UsageError('channels: expected at least one channel');
  const duplicate = duplicateIn(channels.map(({ name }) => name));
  if (duplicate !== undefined)
    throw new UsageError(`channels: two channels have the name ${duplicate}; rename one`);
  if (typeof options.pipeDir !== 'string' || options.pipeDir === '')
    throw new UsageError(`pipeDir: expected the path of a folder, got ${JSON.stringify(options.pipeDir)}`);
  checkWhole('epochs', options.epochs, 1, Number.POSITIVE_INFINITY);
  checkWhole('firstEpoch', options.firstEpoch, 0, 2 ** 31 - 1);
  checkWhole('maxLineBytes', options.maxLineBytes, 1, 2 ** 30);
  if (!Array.isArray(options.resume))
    throw new UsageError(`resume: expected an array of positions, got ${typeName(options.resume)}`);
  checkCheckpoint(options.checkpoint);
  const mistake = hostsMistake(options.hosts);
  if (mistake !== undefined) throw new UsageError(mistake);
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value = options[name as keyof typeof CHOICES];
    if (!(allowed as readonly string[]).includes(value))
      throw new UsageError(`${name}: expected one of ${allowed.join(', ')}, got ${String(value)}`);
  }
  return { ...options, channels };
}

function checkCheckpoint(checkpoint: CheckpointOptions | undefined): void {
  if (checkpoint === undefined) return;
  if (typeof checkpoint !== 'object' || checkpoint === null)
    throw new UsageError(`checkpoint: expected { path }, got ${typeName(checkpoint)}`);
  const { path, everyMs, readAheadBytes, overwrite, ...rest } = checkpoint;
  const names = { path, everyMs, readAheadBytes, overwrite };
  checkOptionNames('checkpoint', rest, names);
  if (typeof path !== 'string' || path === '')
    throw new UsageError(`checkpoint.path: expected the path of a file, got ${JSON.stringify(path)}`);
  if (everyMs !== undefined) checkWhole('checkpoint.everyMs', everyMs, 1, 2 ** 31 - 1);
  if (readAheadBytes !== undefined)
    checkWhole('checkpoint.readAheadBytes', readAheadBytes, 0, Number.MAX_SAFE_INTEGER);
}
