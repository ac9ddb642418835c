import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { Compression } from '../formats/codec-options.ts';
import type { FilterReport } from '../messages/filter/filter-report.ts';
import type { UnknownFeatureNotice } from '../records/inputs/input-options.ts';
import type { RecordReadOptions } from '../records/read-options.ts';
import type { WrittenFile } from '../records/write/record-writer.ts';
import type { AnyRecordWriteOptions } from '../records/write/writers.ts';
import { type FileFormat, fileFormats } from './file-formats.ts';

/** Options common to all transformations. Every field has a default. */
export interface TransformOptions {
  /**
   * Format of the sources. Default `auto`: base64 for a name that ends in `.b64` or `.base64`
   * (compressed or not); otherwise, the format is detected from the content.
   */
  readonly from: FileFormat | 'auto';
  /**
   * Format of the output. Default: the format indicated by its name or, if there is none, that of
   * the first source.
   */
  readonly to: FileFormat | undefined;
  /**
   * Options for reading the sources. Default: strict, with compression detected from the content;
   * `cr: 'keep'` for text converted to text.
   */
  readonly read: InputOptions;
  /**
   * Options for writing the output. Default: compressed if the output's name ends in `.gz` or
   * `.zz`; carriage returns that the reader kept (`read.cr`) are written.
   */
  readonly write: OutputOptions;
  /**
   * Whether to replace an existing output. Default false: an existing output is an `already-exists`
   * error. A source is never replaced.
   */
  readonly overwrite: boolean;
  /** Called periodically with the progress. */
  readonly onProgress: ((progress: TransformProgress) => void) | undefined;
  /** Signal that aborts the work with an `aborted` error and removes unfinished files. */
  readonly signal: AbortSignal | undefined;
}

/** Options of transformations that select records. Every field has a default. */
export interface SelectingOptions extends TransformOptions {
  /**
   * Expression that selects records: see `compileFilter`. All other records are dropped. Default: all
   * records.
   */
  readonly where: string | undefined;
  /** Called for each feature of `where` that no record has. */
  readonly onNotice: ((notice: UnknownFeatureNotice) => void) | undefined;
}

/** The option names that {@link SelectingOptions} adds. */
export const SELECTING_NAMES: OptionNames<Omit<SelectingOptions, keyof TransformOptions>> = {
  where: true,
  onNotice: true,
};

/** Reader options, except those that a transformation sets itself. */
export type InputOptions = Partial<
  Omit<RecordReadOptions, 'format' | 'reuse' | 'signal' | 'onCorrupt' | 'chunkBytes'>
>;

/** Writer options, except those that a transformation sets itself. */
export type OutputOptions = Partial<
  Omit<AnyRecordWriteOptions, 'append' | 'atomic' | 'overwrite' | 'signal'>
>;

/** Progress of a transformation. */
export interface TransformProgress {
  /** Number of records read so far. */
  readonly records: number;
  /** Number of uncompressed bytes read from the sources so far. */
  readonly bytes: number;
  /** Total size of all sources; undefined if it is unknown, as with pipes and compressed files. */
  readonly totalBytes: number | undefined;
}

/** Formats and output of a transformation. */
export interface TransformResult {
  /** Format of the first source. */
  readonly from: FileFormat;
  /** Format of the output. */
  readonly to: FileFormat;
  /** Compression of the output. */
  readonly compression: Compression;
  /** Path or address of the output file. */
  readonly output: WrittenFile;
  /** Result of the `where` filter. Omitted if no filter was specified. */
  readonly where?: FilterReport;
}

/** Default options of operations on record files. */
export const DEFAULT_TRANSFORM_OPTIONS: TransformOptions = Object.freeze({
  from: 'auto',
  to: undefined,
  read: Object.freeze({}),
  write: Object.freeze({}),
  overwrite: false,
  onProgress: undefined,
  signal: undefined,
});

/**
 * Returns the options with defaults applied.
 * @param more an object with the names of the caller's additional options
 * @throws UsageError for an invalid format
 */
export function transformOptions(
  caller: string,
  given: Partial<TransformOptions>,
  more: object = {},
): TransformOptions {
  checkOptionNames(caller, given, { ...DEFAULT_TRANSFORM_OPTIONS, ...more });
  const options = { ...DEFAULT_TRANSFORM_OPTIONS, ...withoutUndefined(given) };
  const { from, to } = options;
  for (const [name, format] of Object.entries({ from, to })) {
    if (format === undefined || format === 'auto' || fileFormats().includes(format)) continue;
    throw new UsageError(`${name}: expected one of ${fileFormats().join(', ')}, got ${String(format)}`);
  }
  return options;
}

function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
