import type { OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { type AnyOptions, type FormatName, formats, recordFormat } from '../formats/registry.ts';
import { INPUT_OPTION_NAMES, type InputOptions } from '../records/inputs/input-options.ts';
import type { RecordReadOptions } from '../records/read-options.ts';

/** Which files are expected. `auto` decides by content, file by file. */
export type Format = FormatName | 'auto';

/** The options of reading that concern checking, of all formats: see `RecordReadOptions`. */
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

/** How far a run over many files has come. */
export interface FilesProgress {
  /** Files in all. */
  readonly files: number;
  readonly filesDone: number;
  /** Files found bad so far. */
  readonly bad: number;
  /** Stored bytes read so far, of all files. */
  readonly bytes: number;
  /** Stored bytes in all; undefined where a source has no size (pipes), or none yet (objects named by their addresses). */
  readonly totalBytes: number | undefined;
  /** Further attempts of requests to object stores so far; missing where there were none. */
  readonly retries?: number;
}

/** Options of every run over many files. Every field has a default; pass what differs. */
export interface FilesOptions extends CheckedReading, InputOptions {
  /** Default `auto`. */
  readonly format: Format;
  /** Default true, unlike when reading: RecordIO's padding must be zeros and complete. `countFiles` takes no notice of it. */
  readonly strictPadding: boolean;
  /**
   * Files to process in parallel on worker threads, 1 to 256; 1 starts no worker. Default: as many as the host has
   * cores to offer, or 1 where the files are so small that starting a worker takes longer than checking them. Of objects (`s3://`) at most 4 threads by default,
   * each of which has several under way; all together hold at most 4 windows (`objects.windowBytes`) and have at most 32 requests under way.
   */
  readonly jobs: number | undefined;
  /**
   * What this thread may be used for. Default false: files that it checks itself (`jobs` 1) are read by the host's I/O threads, and of several jobs
   * it does none, so that it stays free for others. `true`, for command lines: it reads itself, and does one of several jobs, so that one worker
   * less is started.
   */
  readonly blocking: boolean;
  /** Called periodically, and at the end of each file. */
  readonly onProgress: ((progress: FilesProgress) => void) | undefined;
  /** Ends the run with an `aborted` error; workers are stopped, files closed. */
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
 * The part of the options that concerns reading: what is given of it, checked.
 * @throws UsageError for a value that no option has
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
