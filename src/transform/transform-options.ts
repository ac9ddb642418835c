import { checkOptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { type FileFormat, fileFormats } from './file-formats.ts';
import type { InputOptions } from './record-input.ts';
import type { OutputOptions } from './record-output.ts';

/** How far a transformation has come. */
export interface TransformProgress {
  /** Records read so far. */
  readonly records: number;
  /** Bytes of the sources read so far, uncompressed. */
  readonly bytes: number;
  /** Bytes in all; undefined where that is not known: pipes, compressed files. */
  readonly totalBytes: number | undefined;
}

/** What all transformations have in common. Every field has a default; pass what differs. */
export interface TransformOptions {
  /**
   * Format of the sources. Default `auto`: a name that ends in `.jsonl`, `.ndjson`, `.b64` or `.base64` (compressed or not) says so; all else is told
   * by content. Where the format stays as it is (all but `convertFile`), `.jsonl` files that become a `.jsonl` file, or one whose name and `to` say
   * nothing, are lines of text as they are, unless `from` or `to` is `jsonl`.
   */
  readonly from: FileFormat | 'auto';
  /** Format of the output. Default: what its name says, else that of the (first) source. */
  readonly to: FileFormat | undefined;
  /** How the sources are read. Default: strictly, compression found by content; `cr: 'keep'` where lines of text become lines of text and no `cr` is given. */
  readonly read: InputOptions;
  /** How the output is written. Default: compressed as its name says (`.gz`, `.zz`), else not at all; carriage returns that were kept (`read.cr`) are written. */
  readonly write: OutputOptions;
  /** Whether a file that has the output's name is replaced. Default false: it is an `already-exists` error. A source is never replaced. */
  readonly overwrite: boolean;
  /** Told now and then. */
  readonly onProgress: ((progress: TransformProgress) => void) | undefined;
  /** Ends the work with an `aborted` error and removes what is not finished. */
  readonly signal: AbortSignal | undefined;
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
