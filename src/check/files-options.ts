import type { OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { FormatName } from '../formats/names/index.ts';
import { type AnyOptions, formats, recordFormat } from '../formats/registry.ts';
import { INPUT_OPTION_NAMES, type InputOptions } from '../records/inputs/input-options.ts';
import type { RecordReadOptions } from '../records/read-options.ts';

/** The expected format. `auto` detects it from the content, file by file. */
export type Format = FormatName | 'auto';

/** The reading options of all formats that concern checking: see `RecordReadOptions`. */
export type CheckedReading = Pick<
  RecordReadOptions,
  | (typeof COMMON)[number]
  | 'payloadCrc'
  | 'multipart'
  | 'lenientFlags'
  | 'strictPadding'
  | 'delimiter'
  | 'cr'
  | 'skipBlank'
  | 'stripBom'
  | 'encoding'
  | 'fatal'
>;

/** The options of checking that are not those of a single format. */
const COMMON = [
  'format',
  'compression',
  'maxRecordBytes',
  'onTruncated',
  'trailing',
  'recover',
  'objects',
] as const;

/** Each worker thread takes about 10 MB. */
const MAX_JOBS = 256;

/** The progress of a run over many files. */
export interface FilesProgress {
  /** Number of files. */
  readonly files: number;
  readonly filesDone: number;
  /** Files found bad so far. */
  readonly bad: number;
  /** Stored bytes read so far, of all files. */
  readonly bytes: number;
  /**
   * Stored bytes of all files; undefined while the size of one is unknown: a pipe, or an object
   * named by its address.
   */
  readonly totalBytes: number | undefined;
  /** Requests to object stores that were repeated; missing if there were none. */
  readonly retries?: number;
}

/** Options of every run over many files. Every field has a default; pass what differs. */
export interface FilesOptions extends CheckedReading, InputOptions {
  /** Default `auto`. */
  readonly format: Format;
  /**
   * Default true, unlike when reading: RecordIO's padding must be zeros and complete. `countFiles`
   * ignores it.
   */
  readonly strictPadding: boolean;
  /**
   * Files to process in parallel on worker threads, 1 to 256; 1 starts no worker. Default: the
   * number of available cores, or 1 if the files are so small that starting a worker takes longer
   * than checking them. For objects (`s3://`) at most 4 threads by default, each with several
   * objects under way; together they hold at most 4 windows (`objects.windowBytes`) and have at
   * most 32 requests under way.
   */
  readonly jobs: number | undefined;
  /**
   * Whether this thread may block. Default false: files that it checks itself (`jobs` 1) are read
   * by the host's I/O threads, and it does none of several jobs, so that it stays responsive.
   * `true`, for command lines: it reads synchronously and does one of several jobs, so that one
   * worker less starts.
   */
  readonly blocking: boolean;
  /** Called periodically, and at the end of each file. */
  readonly onProgress: ((progress: FilesProgress) => void) | undefined;
  /** Ends the run with an `aborted` error; stops workers and closes files. */
  readonly signal: AbortSignal | undefined;
}

/** The names of {@link FilesOptions}. */
export const FILES_OPTION_NAMES: OptionNames<FilesOptions> = {
  ...INPUT_OPTION_NAMES,
  format: true,
  compression: true,
  maxRecordBytes: true,
  onTruncated: true,
  trailing: true,
  recover: true,
  payloadCrc: true,
  objects: true,
  multipart: true,
  lenientFlags: true,
  strictPadding: true,
  delimiter: true,
  cr: true,
  skipBlank: true,
  stripBom: true,
  encoding: true,
  fatal: true,
  jobs: true,
  blocking: true,
  onProgress: true,
  signal: true,
};

/**
 * The given options that concern reading, checked.
 * @throws UsageError for a wrong value
 */
export function checkedReading(given: Partial<FilesOptions>): Partial<CheckedReading> {
  const { format = 'auto', jobs } = given;
  if (format !== 'auto') recordFormat(format);
  if (jobs !== undefined && !(Number.isInteger(jobs) && jobs >= 1 && jobs <= MAX_JOBS))
    throw new UsageError(`jobs: expected an integer from 1 to ${MAX_JOBS}, got ${jobs}`);
  const own = formats().flatMap(({ checkOptions }) => checkOptions);
  const entries = [...COMMON, ...own].map((name) => [name, given[name as keyof CheckedReading]] as const);
  const reading: Partial<CheckedReading> = Object.fromEntries(
    entries.filter(([, value]) => value !== undefined),
  );
  for (const { readOptions } of formats()) readOptions(reading as Partial<AnyOptions>);
  return reading;
}
