import { checkOptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { Compression } from '../formats/codec-options.ts';
import type { RecordReadOptions } from '../records/read-options.ts';
import type { WrittenFile } from '../records/write/record-writer.ts';
import type { AnyRecordWriteOptions } from '../records/write/writers.ts';
import { type FileFormat, fileFormats } from './file-formats.ts';

/** The options that all transformations share. Every field has a default; pass what differs. */
export interface TransformOptions {
  /**
   * Format of the sources. Default `auto`: that of a name that ends in `.jsonl`, `.ndjson`, `.b64`
   * or `.base64` (compressed or not), otherwise detected from the content. If the format does not
   * change (all but `convertFile`) and neither `from` nor `to` is `jsonl`, `.jsonl` files are read
   * as lines of text when the output's name ends in `.jsonl`, or when the name and `to` say
   * nothing.
   */
  readonly from: FileFormat | 'auto';
  /** Format of the output. Default: that of its name, else that of the (first) source. */
  readonly to: FileFormat | undefined;
  /**
   * How the sources are read. Default: strictly, compression detected from the content; `cr:
   * 'keep'` if lines of text become lines of text and no `cr` is given.
   */
  readonly read: InputOptions;
  /**
   * How the output is written. Default: compressed if its name ends in `.gz` or `.zz`; carriage
   * returns that were kept (`read.cr`) are written.
   */
  readonly write: OutputOptions;
  /**
   * Whether to replace an existing output. Default false: it is an `already-exists` error. A source
   * is never replaced.
   */
  readonly overwrite: boolean;
  /** Called periodically. */
  readonly onProgress: ((progress: TransformProgress) => void) | undefined;
  /** Ends the work with an `aborted` error and removes unfinished files. */
  readonly signal: AbortSignal | undefined;
}

/** Options of reading sources: those of readers, without those that a transformation sets. */
export type InputOptions = Partial<
  Omit<RecordReadOptions, 'format' | 'reuse' | 'signal' | 'onCorrupt' | 'chunkBytes'>
>;

/** Options of writing an output: those of writers, without those that a transformation sets. */
export type OutputOptions = Partial<
  Omit<AnyRecordWriteOptions, 'append' | 'atomic' | 'overwrite' | 'signal'>
>;

/** The progress of a transformation. */
export interface TransformProgress {
  /** Records read so far. */
  readonly records: number;
  /** Bytes of the sources read so far, uncompressed. */
  readonly bytes: number;
  /** Bytes of all sources; undefined if unknown: pipes, compressed files. */
  readonly totalBytes: number | undefined;
}

/** What was read and written. */
export interface TransformResult {
  /** Format of the (first) source. */
  readonly from: FileFormat;
  /** Format of the output. */
  readonly to: FileFormat;
  /** Compression of the output. */
  readonly compression: Compression;
  readonly output: WrittenFile;
}

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
 * The complete options.
 * @param more an object with the names of options that only this caller has
 * @throws UsageError for an unknown format
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
