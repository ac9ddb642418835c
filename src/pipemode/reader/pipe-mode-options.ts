import { checkOptionNames } from '../../bytes/arguments.ts';
import { type RecordpipeError, UsageError } from '../../errors.ts';
import type { PipeModeMetrics } from './epoch-progress.ts';

/** Record format of a channel, by SageMaker's names. */
export type RecordFormatName = 'RecordIO' | 'TFRecord' | 'TextLine';
/** Record format of a channel, by SageMaker's or recordpipe's names. */
export type RecordFormatSpelling = RecordFormatName | Lowercase<RecordFormatName>;

/**
 * How to read a channel. Every field has a default. The first seven are the options of
 * `sagemaker_tensorflow` and also accept its names (`record_format`, …).
 */
export interface PipeModeOptions {
  /**
   * Default `RecordIO`, with multipart records as SageMaker writes them (`multipart: 'concat'`).
   * Text lines keep a trailing `\r`.
   */
  readonly recordFormat: RecordFormatName;
  /**
   * The folder of the epoch index and its lock; created if missing. Default `/opt/ml/pipe_state`.
   */
  readonly stateDir: string;
  /** The folder of the pipes, `CHANNEL_INDEX`. Default `/opt/ml/input/data`. */
  readonly pipeDir: string;
  /** The folder of `inputdataconfig.json`. Default `/opt/ml/input/config`. */
  readonly configDir: string;
  /**
   * Whether to print SageMaker's three lines of totals at the end of an iteration. Default false.
   */
  readonly benchmark: boolean;
  /** Prints SageMaker's three lines about the latest record every N records. Default 0: never. */
  readonly benchmarkRecordsInterval: number;
  /**
   * Maximum number of consecutive records with a wrong payload checksum to skip; TFRecord only.
   * Default 0.
   */
  readonly maxCorruptedRecordsToSkip: number;
  /**
   * Default undefined: reports all damage. `sagemaker` reads like `sagemaker_tensorflow`, including
   * its faults: a truncated last record counts as corrupted, truncated RecordIO is padded with
   * zeros, flags are not checked, `reserve` is `on-create`, and a state file that is not a number
   * means 0.
   */
  readonly compat: 'sagemaker' | undefined;
  /**
   * When to increment the index. Default `on-open`: when the pipe is opened; the index is reset if
   * the iteration ends before a writer connects. `on-create`: when the iteration is created, as
   * `sagemaker_tensorflow` does, even if no data can be read.
   */
  readonly reserve: 'on-open' | 'on-create';
  /** Maximum time to wait for the next pipe. Default 120,000 ms; may be Infinity. */
  readonly openTimeoutMs: number;
  /**
   * Maximum time that the writer may be silent while the reader waits for bytes, including the
   * first. A slow consumer does not count. Default 600,000 ms; may be Infinity.
   */
  readonly idleTimeoutMs: number;
  /** Maximum time to wait for the lock of the index. Default 30,000 ms. */
  readonly lockTimeoutMs: number;
  /** Default `flock`. `none`: does not lock out other processes; for hosts without `flock`. */
  readonly lock: 'flock' | 'none';
  /**
   * Whether to read the files below `PIPE_DIR/CHANNEL/`, sorted by name, if the channel is not in
   * Pipe mode. The index does not change. Default false: an error.
   */
  readonly fileModeFallback: boolean;
  /** Compression of the stream. Default `none`: SageMaker decompresses objects. */
  readonly compression: 'none' | 'auto' | 'gzip' | 'zlib';
  /** Maximum record size in bytes. Default 2^31 - 1. */
  readonly maxRecordBytes: number;
  /** Ends every iteration with an `aborted` error. */
  readonly signal: AbortSignal | undefined;
  /** Called for each corrupted record that is skipped. */
  readonly onCorrupt: ((error: RecordpipeError) => void) | undefined;
  /** Called at the end of each iteration, regardless of its outcome. */
  readonly onEpochEnd: ((metrics: PipeModeMetrics) => void) | undefined;
  /** Called with probable configuration mistakes. Default: `process.emitWarning`. */
  readonly onWarning: (message: string) => void;
  /** Called with each `benchmark` line, including its line end. Default: standard output. */
  readonly writeLine: (line: string) => void;
}

/** Options as given by the caller, with alternative names. */
export interface PipeModeOptionsInput extends Omit<PipeModeOptions, 'recordFormat'>, SageMakerOptionNames {
  readonly recordFormat: RecordFormatSpelling;
  /** Alias of `recordFormat`, as in functions that read files. */
  readonly format: RecordFormatSpelling;
}

/** Option names of `sagemaker_tensorflow`. */
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
 * Applies defaults and validates options.
 * @throws UsageError for an invalid value or an unknown name
 */
export function pipeModeOptions(given: Partial<PipeModeOptionsInput>): PipeModeOptions {
  checkOptionNames('PipeModeDataset', given, { ...DEFAULTS, ...ALIASES });
  const named: Record<string, unknown> = {};
  for (const [alias, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const name = Object.hasOwn(ALIASES, alias) ? ALIASES[alias as keyof typeof ALIASES] : alias;
    const canonical = name === 'recordFormat' ? canonicalFormat(value) : value;
    if (Object.hasOwn(named, name) && named[name] !== canonical)
      throw new UsageError(
        `${alias}: ${name} is given twice, as ${String(named[name])} and ${String(canonical)}`,
      );
    named[name] = canonical;
  }
  const preset = named['compat'] === 'sagemaker' ? { reserve: 'on-create' as const } : undefined;
  const options: PipeModeOptions = { ...DEFAULTS, ...preset, ...named };
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value = options[name as keyof PipeModeOptions];
    if (!allowed.includes(value))
      throw new UsageError(
        `${name}: expected one of ${allowed.map(String).join(', ')}, got ${String(value)}`,
      );
  }
  for (const name of ['openTimeoutMs', 'idleTimeoutMs', 'lockTimeoutMs'] as const) {
    const ms = options[name];
    if (typeof ms !== 'number' || !(ms > 0))
      throw new UsageError(`${name}: expected a number of milliseconds greater than 0, got ${ms}`);
  }
  for (const name of ['benchmarkRecordsInterval', 'maxCorruptedRecordsToSkip'] as const) {
    if (!Number.isSafeInteger(options[name]) || options[name] < 0)
      throw new UsageError(`${name}: expected an integer >= 0, got ${options[name]}`);
  }
  if (options.maxCorruptedRecordsToSkip > 0 && options.recordFormat !== 'TFRecord')
    throw new UsageError(
      `maxCorruptedRecordsToSkip: requires checksums, which only TFRecord has, got ${options.recordFormat}`,
    );
  return options;
}

/** Converts a format name to SageMaker's spelling. */
function canonicalFormat(name: unknown): unknown {
  const names = CHOICES.recordFormat as readonly string[];
  return names.find((known) => known.toLowerCase() === String(name).toLowerCase()) ?? name;
}
