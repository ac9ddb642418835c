import { checkOptionNames } from '../../bytes/arguments.ts';
import { FILE_BUFFERS } from '../../bytes/sources.ts';
import { type RecordpipeError, UsageError } from '../../errors.ts';
import type { ReadStats } from '../../formats/corruption.ts';
import type {
  DecoderSource,
  DetectCompression,
  RecordCodec,
  RecordDecoder,
} from '../../formats/record-format.ts';
import { recordIOCodec } from '../../formats/recordio/codec.ts';
import type { AnyOptions } from '../../formats/registry.ts';
import { textLineCodec } from '../../formats/textline/codec.ts';
import { tfrecordCodec } from '../../formats/tfrecord/codec.ts';
import { readOptions, type SourceOptions } from '../../records/read-options.ts';
import type { PipeModeMetrics } from './epoch-progress.ts';
import { SageMakerRecordIODecoder } from './sagemaker-recordio-decoder.ts';
import { SageMakerTFRecordDecoder } from './sagemaker-tfrecord-decoder.ts';

const CODECS = {
  RecordIO: recordIOCodec,
  TFRecord: tfrecordCodec,
  TextLine: textLineCodec,
} as unknown as Readonly<Record<RecordFormatName, RecordCodec<AnyOptions>>>;

/** A pipe of 64 KiB is read into one buffer until it is full. Records keep it alive, so it is not large. */
const FRESH_CHUNK_BYTES = 1024 * 1024;
/**
 * Four of them take turns. Processor milliseconds per gigabyte for records of 10 KB and 100 KB: 179 and 289; with 256 KiB, which stay in the cache of one core, 176 and
 * 336, as more records lie across two; with 1 MiB 196 and 258.
 */
const REUSED_CHUNK_BYTES = 512 * 1024;

/** How one epoch of a channel is decoded: options, memory to read into, decoders. */
export interface ChannelDecoding {
  readonly options: AnyOptions & SourceOptions;
  readonly detectCompression: DetectCompression;
  /** Memory for the next read, where buffers are used again. */
  readonly nextBuffer: (() => Uint8Array) | undefined;
  decoder(source: DecoderSource, stats: ReadStats): RecordDecoder;
}

/**
 * The decoding of a channel's records.
 * @param reuse whether a batch is valid only until the next one is asked for
 * @throws UsageError for a value that no option has
 */
export function channelDecoding(pipe: PipeModeOptions, reuse: boolean): ChannelDecoding {
  const {
    recordFormat: name,
    compat,
    maxRecordBytes,
    compression,
    onCorrupt,
    maxCorruptedRecordsToSkip,
  } = pipe;
  const codec = CODECS[name];
  const options = readOptions(codec, {
    compression,
    maxRecordBytes,
    onCorrupt,
    maxCorruptedRecordsToSkip,
    multipart: 'concat',
    cr: 'keep',
    reuse,
    chunkBytes: reuse ? REUSED_CHUNK_BYTES : FRESH_CHUNK_BYTES,
  });
  const own = reuse ? codec.own(options.chunkBytes, FILE_BUFFERS) : undefined;
  const strict = (source: DecoderSource, stats: ReadStats): RecordDecoder =>
    (own ?? codec).decoder(options, source, stats);
  return {
    options,
    detectCompression: codec.detectCompression,
    nextBuffer: own?.nextBuffer,
    decoder(source, stats) {
      if (compat === undefined || name === 'TextLine') return strict(source, stats);
      return name === 'RecordIO'
        ? new SageMakerRecordIODecoder(maxRecordBytes, source, stats)
        : new SageMakerTFRecordDecoder(strict(source, stats), maxCorruptedRecordsToSkip);
    },
  };
}

/** The encoding of a channel's records, by SageMaker's names. */
export type RecordFormatName = 'RecordIO' | 'TFRecord' | 'TextLine';
/** The same, also by the names that the rest of recordpipe has for formats. */
export type RecordFormatSpelling = RecordFormatName | Lowercase<RecordFormatName>;

/** How a channel is read. Every field has a default; the first seven are those of `sagemaker_tensorflow`, and may also be given by its names (`record_format`, …). */
export interface PipeModeOptions {
  /** Default `RecordIO`, whose parts are put together as SageMaker cuts them (`multipart: 'concat'`); lines keep their `\r`. */
  readonly recordFormat: RecordFormatName;
  /** Where the index of the next epoch and its lock are kept. Made if it is not there. Default `/opt/ml/pipe_state`. */
  readonly stateDir: string;
  /** Where the pipes appear, as `CHANNEL_INDEX`. Default `/opt/ml/input/data`. */
  readonly pipeDir: string;
  /** Where `inputdataconfig.json` is. Default `/opt/ml/input/config`. */
  readonly configDir: string;
  /** Whether SageMaker's three lines of totals are written at the end of an iteration. Default false. */
  readonly benchmark: boolean;
  /** After every so many records SageMaker's three lines about the last one are written. Default 0: never. */
  readonly benchmarkRecordsInterval: number;
  /** How many records in a row with a wrong payload checksum are skipped before one is an error; TFRecord only. Default 0. */
  readonly maxCorruptedRecordsToSkip: number;
  /**
   * Default undefined: no damage goes unreported. `sagemaker` reads as `sagemaker_tensorflow` does, faults included: a record cut short at the end counts as
   * corrupted, RecordIO without its end is filled up with zeros, flags are not checked; `reserve` is `on-create`, and a state file that is no number is 0.
   */
  readonly compat: 'sagemaker' | undefined;
  /**
   * When the index moves on. Default `on-open`: once the pipe is open, and back again when the iteration ends before a writer came. `on-create`: when the iteration
   * is made, as the original does, whether or not anything can be read.
   */
  readonly reserve: 'on-open' | 'on-create';
  /** How long the next pipe is waited for. Default 120,000 ms. Infinity: for ever. */
  readonly openTimeoutMs: number;
  /** How long the writer may be silent while bytes are awaited, before the first one too; a slow consumer does not count. Default 600,000 ms. Infinity: for ever. */
  readonly idleTimeoutMs: number;
  /** How long the lock of the index is waited for. Default 30,000 ms. */
  readonly lockTimeoutMs: number;
  /** Default `flock`. `none`: no lock against other processes, for hosts without the `flock` program. */
  readonly lock: 'flock' | 'none';
  /** Whether a channel that is not in Pipe mode is read from the files under `PIPE_DIR/CHANNEL/`, sorted by name; the index stays. Default false: an error. */
  readonly fileModeFallback: boolean;
  /** Compression of the stream. Default `none`: SageMaker inflates what it streams. */
  readonly compression: 'none' | 'auto' | 'gzip' | 'zlib';
  /** Largest record in bytes. Default 2^31 - 1. */
  readonly maxRecordBytes: number;
  /** Ends every iteration with an `aborted` error. */
  readonly signal: AbortSignal | undefined;
  /** Told of each corrupted record that is skipped. Default: nobody. */
  readonly onCorrupt: ((error: RecordpipeError) => void) | undefined;
  /** Told at the end of each iteration, however it ended. Default: nobody. */
  readonly onEpochEnd: ((metrics: PipeModeMetrics) => void) | undefined;
  /** Told of what is probably a mistake in the configuration. Default: `process.emitWarning`. */
  readonly onWarning: (message: string) => void;
  /** Takes the lines of `benchmark`, each with its line end. Default: standard output. */
  readonly writeLine: (line: string) => void;
}

/** Options as they may be given: with other names for some. */
export interface PipeModeOptionsInput extends Omit<PipeModeOptions, 'recordFormat'>, SageMakerOptionNames {
  readonly recordFormat: RecordFormatSpelling;
  /** Another name of `recordFormat`, as functions that read files have it. */
  readonly format: RecordFormatSpelling;
}

/** The names that `sagemaker_tensorflow` uses. */
export interface SageMakerOptionNames {
  readonly record_format: RecordFormatSpelling;
  readonly state_dir: string;
  readonly pipe_dir: string;
  readonly config_dir: string;
  readonly benchmark_records_interval: number;
  readonly max_corrupted_records_to_skip: number;
}

const ALIASES: Readonly<Record<keyof SageMakerOptionNames | 'format', keyof PipeModeOptions>> = {
  format: 'recordFormat',
  record_format: 'recordFormat',
  state_dir: 'stateDir',
  pipe_dir: 'pipeDir',
  config_dir: 'configDir',
  benchmark_records_interval: 'benchmarkRecordsInterval',
  max_corrupted_records_to_skip: 'maxCorruptedRecordsToSkip',
};

const DEFAULTS: PipeModeOptions = {
  recordFormat: 'RecordIO',
  stateDir: '/opt/ml/pipe_state',
  pipeDir: '/opt/ml/input/data',
  configDir: '/opt/ml/input/config',
  benchmark: false,
  benchmarkRecordsInterval: 0,
  maxCorruptedRecordsToSkip: 0,
  compat: undefined,
  reserve: 'on-open',
  openTimeoutMs: 120_000,
  idleTimeoutMs: 600_000,
  lockTimeoutMs: 30_000,
  lock: 'flock',
  fileModeFallback: false,
  compression: 'none',
  maxRecordBytes: 2 ** 31 - 1,
  signal: undefined,
  onCorrupt: undefined,
  onEpochEnd: undefined,
  onWarning: (message) => process.emitWarning(message, 'RecordpipeWarning'),
  writeLine: (line) => void process.stdout.write(line),
};

const CHOICES: Partial<Record<keyof PipeModeOptions, readonly unknown[]>> = {
  recordFormat: ['RecordIO', 'TFRecord', 'TextLine'],
  compat: [undefined, 'sagemaker'],
  reserve: ['on-open', 'on-create'],
  lock: ['flock', 'none'],
  compression: ['none', 'auto', 'gzip', 'zlib'],
};

/**
 * The complete options, checked.
 * @throws UsageError for a value that no option has, and for a name that is none
 */
export function pipeModeOptions(given: Partial<PipeModeOptionsInput>): PipeModeOptions {
  const named: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(ALIASES, name) ? ALIASES[name as keyof typeof ALIASES] : name;
    if (!Object.hasOwn(DEFAULTS, known))
      checkOptionNames('PipeModeDataset', { [name]: true }, { ...DEFAULTS, ...ALIASES });
    if (value === undefined) continue;
    const meant = known === 'recordFormat' ? sageMakerName(value) : value;
    if (Object.hasOwn(named, known) && named[known] !== meant)
      throw new UsageError(
        `${name}: ${known} is given twice, as ${String(named[known])} and ${String(meant)}`,
      );
    named[known] = meant;
  }
  const preset = named['compat'] === 'sagemaker' ? { reserve: 'on-create' as const } : undefined;
  const options: PipeModeOptions = { ...DEFAULTS, ...preset, ...named };
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value = options[name as keyof PipeModeOptions];
    if (allowed.includes(value)) continue;
    throw new UsageError(`${name}: expected one of ${allowed.map(String).join(', ')}, got ${String(value)}`);
  }
  for (const name of ['openTimeoutMs', 'idleTimeoutMs', 'lockTimeoutMs'] as const)
    checkTime(name, options[name]);
  for (const name of ['benchmarkRecordsInterval', 'maxCorruptedRecordsToSkip'] as const) {
    if (!Number.isSafeInteger(options[name]) || options[name] < 0)
      throw new UsageError(`${name}: expected an integer >= 0, got ${options[name]}`);
  }
  if (options.maxCorruptedRecordsToSkip > 0 && options.recordFormat !== 'TFRecord')
    throw new UsageError(
      `maxCorruptedRecordsToSkip: needs checksums, which only TFRecord has; got ${options.recordFormat}`,
    );
  return options;
}

/** A format by SageMaker's name, whatever its case. */
function sageMakerName(name: unknown): unknown {
  const names = CHOICES.recordFormat as readonly string[];
  return names.find((known) => known.toLowerCase() === String(name).toLowerCase()) ?? name;
}

/**
 * SageMaker's rule for names of channels.
 * @throws UsageError for any other name
 */
export function checkChannelName(channel: string): void {
  if (typeof channel === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(channel)) return;
  throw new UsageError(
    `channel: expected 1 to 64 letters, digits, dots, underscores or hyphens, got ${JSON.stringify(channel)}`,
  );
}

function checkTime(name: string, ms: number): void {
  if (typeof ms === 'number' && ms > 0) return;
  throw new UsageError(`${name}: expected a number of milliseconds greater than 0, got ${ms}`);
}
