import type { OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { FormatName } from '../formats/names/index.ts';
import { type AnyOptions, formats, recordFormat } from '../formats/registry.ts';
import { INPUT_OPTION_NAMES, type InputOptions } from '../records/inputs/input-options.ts';
import type { RecordReadOptions } from '../records/read-options.ts';

/** Expected format. `auto` detects it from the content of each file. */
export type Format = FormatName | 'auto';

/** Reading options that apply to checks: see `RecordReadOptions`. */
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

/** Checking options that apply to all formats. */
const COMMON = [
  'format',
  'compression',
  'maxRecordBytes',
  'onTruncated',
  'trailing',
  'recover',
  'objects',
] as const;

/** Maximum number of jobs. Each worker thread uses about 10 MB. */
const MAX_JOBS = 256;

/** Progress of a run over many files. */
export interface FilesProgress {
  /** Number of files. */
  readonly files: number;
  /** Number of finished files. */
  readonly filesDone: number;
  /** Number of invalid or unreadable files found so far. */
  readonly bad: number;
  /** Stored bytes read so far, over all files. */
  readonly bytes: number;
  /**
   * Stored size of all files; undefined if any size is unknown, as with a pipe or an object
   * specified by address.
   */
  readonly totalBytes: number | undefined;
  /** Number of retried requests to object stores; omitted if zero. */
  readonly retries?: number;
}

/** Options common to all commands that process many files. Every field has a default. */
export interface FilesOptions extends CheckedReading, InputOptions {
  /** Expected format. Default `auto`. */
  readonly format: Format;
  /**
   * Whether RecordIO padding must be complete and zero. Default true, unlike in readers.
   * `countFiles` ignores this option.
   */
  readonly strictPadding: boolean;
  /**
   * Number of worker threads, 1 to 256. If 1, no worker is started. The threads process several
   * files in parallel and, if there are not enough files, ranges of each large file or object that
   * is not compressed; the results do not depend on this number. Default: the number of available
   * cores, or 1 if the files are so small that starting a worker takes longer than checking them.
   * For objects (`s3://`), the default is at most 4 threads. Each thread reads several objects
   * concurrently; all threads together use up to 4 windows (`objects.windowBytes`) and 32 concurrent
   * requests. The threads that read ranges of one object together use its window and its
   * `maxRequests`.
   */
  readonly jobs: number | undefined;
  /**
   * Whether this thread may block. Default false: if `jobs` is 1, the host's I/O threads read the
   * files; if it is more, this thread runs none of the jobs. In both cases, this thread stays
   * responsive. If true, which is intended for command-line programs, this thread reads
   * synchronously and runs one of the jobs, so that one worker fewer is started.
   */
  readonly blocking: boolean;
  /** Called periodically and after each file. */
  readonly onProgress: ((progress: FilesProgress) => void) | undefined;
  /**
   * Signal that aborts the run with an `aborted` error, stops its workers, and closes its files.
   */
  readonly signal: AbortSignal | undefined;
}

/** Names of the options in {@link FilesOptions}. */
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
 * Returns the validated reading options among the given options.
 * @throws UsageError for an invalid value
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
