import { InvalidArgumentError } from 'commander';
import type { PipeModeStreamerOptions, StreamChannelInput } from 'recordpipe/pipemode/streamer';
import {
  atLeast,
  defined,
  duration,
  flag,
  grouped,
  names,
  negation,
  type OptionsOf,
  parsed,
  size,
} from './option.ts';

/** Options that apply to the channels given with `-c`. */
export interface ChannelOptions {
  readonly manifest?: true;
  readonly attributes?: readonly string[];
  readonly gunzip?: true;
  readonly wrap?: true;
  readonly shuffle?: number;
  readonly sharded?: true;
}

/** Options for streaming channels into pipes. */
export interface PipeOptions {
  readonly epochs?: number;
  readonly readerTimeout?: number;
  readonly strictEof?: true;
  readonly skipMissing?: true;
  readonly skipBadLines?: true;
  readonly maxLineSize?: number;
  readonly lazy?: true;
  readonly lock: boolean;
  readonly metricsPort?: number;
}

export const channelOptions: OptionsOf<ChannelOptions> = grouped('Channels given with -c:', {
  manifest: flag('--manifest', 'treat channels as manifests (S3DataType ManifestFile)'),
  attributes: parsed(
    '--attributes <names>',
    'treat channels as augmented manifests and read these attributes, e.g. image-ref,label',
    names,
  ),
  gunzip: flag('--gunzip', 'decompress objects while streaming (CompressionType Gzip)'),
  wrap: flag('--wrap', 'wrap each object or attribute in a RecordIO record (RecordWrapperType)'),
  shuffle: parsed(
    '--shuffle <n>',
    'shuffle objects or manifest lines with this random seed, in a different order in each epoch',
    atLeast(0),
  ),
  sharded: flag(
    '--sharded',
    'send each host only its share of the objects or manifest lines (ShardedByS3Key)',
  ),
});

export const pipeOptions: OptionsOf<PipeOptions> = grouped('Pipes:', {
  epochs: parsed('--epochs <n>', 'number of epochs (default: unlimited)', atLeast(1)),
  readerTimeout: parsed(
    '--reader-timeout <time>',
    'maximum time to wait for a reader to open a pipe, e.g. 10m (default: unlimited)',
    duration,
  ),
  strictEof: flag('--strict-eof', 'fail if a reader closes its pipe before the end of the data'),
  skipMissing: flag(
    '--skip-missing',
    'skip missing objects, and skip augmented manifest lines that refer to them',
  ),
  skipBadLines: flag('--skip-bad-lines', 'skip invalid lines in augmented manifests'),
  maxLineSize: parsed(
    '--max-line-size <size>',
    'maximum length of an augmented manifest line (default: 1 MiB)',
    size,
  ),
  lazy: flag('--lazy', 'start fetching only when a reader opens the pipe'),
  lock: negation('--no-lock', 'do not lock the channels against other recordpipe processes'),
  metricsPort: parsed(
    '--metrics-port <port>',
    'serve Prometheus metrics on this port of 127.0.0.1; 0 selects a free port',
    atLeast(0),
  ),
});

/** Collects NAME=VALUE arguments. */
export function assignments(text: string, previous: readonly string[] = []): readonly string[] {
  if (/^[^=]+=/s.test(text)) return [...previous, text];
  throw new InvalidArgumentError('Expected NAME=VALUE.');
}

/** Splits NAME=VALUE. */
export function assignment(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Returns the channel settings given by the options. */
export function channelSettings(options: ChannelOptions): Omit<StreamChannelInput, 'name' | 'uri'> {
  const { manifest, attributes, gunzip, wrap, shuffle, sharded } = options;
  return {
    ...(manifest && { dataType: 'ManifestFile' }),
    ...(attributes && { dataType: 'AugmentedManifestFile', attributeNames: attributes }),
    ...(gunzip && { compression: 'Gzip' }),
    ...(wrap && { recordWrapper: 'RecordIO' }),
    ...(shuffle !== undefined && { shuffleSeed: shuffle }),
    ...(sharded && { distribution: 'ShardedByS3Key' }),
  };
}

/** Converts options to the library's streaming options. */
export function streamingOf(
  options: PipeOptions & { readonly strictShards?: true },
): Partial<PipeModeStreamerOptions> {
  return defined({
    epochs: options.epochs,
    readerTimeoutMs: options.readerTimeout,
    strictEof: options.strictEof,
    strictShards: options.strictShards,
    skipMissing: options.skipMissing,
    onBadLine: options.skipBadLines ? ('skip' as const) : undefined,
    maxLineBytes: options.maxLineSize,
    lazy: options.lazy,
    lock: options.lock ? undefined : ('none' as const),
  });
}
