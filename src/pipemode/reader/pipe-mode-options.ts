import { checkOptionNames } from '../../bytes/arguments.ts';
import { type RecordpipeError, UsageError } from '../../errors.ts';
import type { PipeModeMetrics } from './epoch-progress.ts';

/** Record format of a channel, in SageMaker's spelling. */
export type RecordFormatName = 'RecordIO' | 'TFRecord' | 'TextLine';
/** Record format of a channel, in SageMaker's or recordpipe's spelling. */
export type RecordFormatSpelling = RecordFormatName | Lowercase<RecordFormatName>;

/**
 * Options for reading a channel. Every field has a default. The first seven are the options of
 * `sagemaker_tensorflow` and can also be given by its names (`record_format`, …).
 */
export interface PipeModeOptions {
  /**
   * Format of the records. The default is `RecordIO`, with multipart records as SageMaker writes
   * them (`multipart: 'concat'`). Text lines keep a trailing `\r`.
   */
  readonly recordFormat: RecordFormatName;
  /**
   * The folder of the epoch index and its lock. Created if it does not exist. The default is
   * `/opt/ml/pipe_state`.
   */
  readonly stateDir: string;
  /** The folder of the pipes, `CHANNEL_INDEX`. The default is `/opt/ml/input/data`. */
  readonly pipeDir: string;
  /** The folder of `inputdataconfig.json`. The default is `/opt/ml/input/config`. */
  readonly configDir: string;
  /**
   * Whether to print SageMaker's three lines of totals at the end of an iteration. The default is
   * false.
   */
  readonly benchmark: boolean;
  /**
   * Interval, in records, at which SageMaker's three lines about the latest record are printed. The
   * default is 0, which means never.
   */
  readonly benchmarkRecordsInterval: number;
  /**
   * Maximum number of consecutive records with a wrong payload checksum that are skipped. Applies
   * only to TFRecord. The default is 0.
   */
  readonly maxCorruptedRecordsToSkip: number;
  /**
   * Compatibility mode. If undefined, which is the default, all damage is reported. `sagemaker`
   * reads as `sagemaker_tensorflow` does, including its faults: a truncated last record counts as
   * corrupted, truncated RecordIO is padded with zeros, flags are not checked, `reserve` is
   * `on-create`, and a state file that does not contain a number counts as 0.
   */
  readonly compat: 'sagemaker' | undefined;
  /**
   * When to increment the index. `on-open`, the default: when the pipe is opened. The index is
   * reset if the iteration ends before a writer connects. `on-create`: when the iteration is
   * created, as `sagemaker_tensorflow` does, even if no data can be read.
   */
  readonly reserve: 'on-open' | 'on-create';
  /** Maximum time to wait for the next pipe. The default is 120,000 ms. May be Infinity. */
  readonly openTimeoutMs: number;
  /**
   * Maximum time that the writer may be silent while the reader waits for bytes, including the
   * first byte. The time of a slow consumer does not count. The default is 600,000 ms. May be
   * Infinity.
   */
  readonly idleTimeoutMs: number;
  /** Maximum time to wait for the lock of the index. The default is 30,000 ms. */
  readonly lockTimeoutMs: number;
  /**
   * Kind of lock. The default is `flock`: a flock(2), taken with `flock`, `perl` or `python3`,
   * whichever is found first. If none is installed, Linux uses a socket, with a warning; it
   * excludes only readers that also use a socket. `none` does not exclude other processes.
   */
  readonly lock: 'flock' | 'none';
  /**
   * Whether to read the files below `PIPE_DIR/CHANNEL/`, sorted by name, if the channel is not in
   * Pipe mode. Reading files does not change the index. By default, false: such a channel is an
   * error.
   */
  readonly fileModeFallback: boolean;
  /** Compression of the stream. The default is `none`, because SageMaker decompresses objects. */
  readonly compression: 'none' | 'auto' | 'gzip' | 'zlib';
  /** Maximum size of a record in bytes. The default is 2^31 - 1. */
  readonly maxRecordBytes: number;
  /** Signal that ends every iteration with an `aborted` error. */
  readonly signal: AbortSignal | undefined;
  /** Called for each corrupted record that is skipped. */
  readonly onCorrupt: ((error: RecordpipeError) => void) | undefined;
  /** Called at the end of each iteration, regardless of its outcome. */
  readonly onEpochEnd: ((metrics: PipeModeMetrics) => void) | undefined;
  /**
   * Called with the description of a probable configuration mistake. The default is
   * `process.emitWarning`.
   */
  readonly onWarning: (message: string) => void;
  /**
   * Called with each `benchmark` line, including its line end. By default, writes to standard
   * output.
   */
  readonly writeLine: (line: string) => void;
}

/** Options as given by the caller, including alternative names. */
export interface PipeModeOptionsInput extends Omit<PipeModeOptions, 'recordFormat'>, SageMakerOptionNames {
  /** Format of the records. */
  readonly recordFormat: RecordFormatSpelling;
  /** Alias of `recordFormat`, as in functions that read files. */
  readonly format: RecordFormatSpelling;
}

/** Names of the options in `sagemaker_tensorflow`. */
export interface SageMakerOptionNames {
  /** The same as `recordFormat`. */
  readonly record_format: RecordFormatSpelling;
  /** The same as `stateDir`. */
  readonly state_dir: string;
  /** The same as `pipeDir`. */
  readonly pipe_dir: string;
  /** The same as `configDir`. */
  readonly config_dir: string;
  /** The same as `benchmarkRecordsInterval`. */
  readonly benchmark_records_interval: number;
  /** The same as `maxCorruptedRecordsToSkip`. */
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
 * Applies defaults and validates the options.
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
        `${alias}: ${name} is specified twice, as ${String(named[name])} and ${String(canonical)}`,
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
