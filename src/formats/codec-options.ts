import { looksLikeGzip, looksLikeZlib } from '../bytes/sniff.ts';
import { RecordpipeError, UsageError } from '../errors.ts';

/** Compression of a whole stream. */
export type Compression = 'none' | 'gzip' | 'zlib';

/** Matches the suffixes of compressed file names. */
const SUFFIX = /\.(?:(gz|gzip)|zz|zlib)$/i;

/** Returns the compression indicated by a gzip or zlib magic number at the start of the bytes. */
export function compressionOf(head: Uint8Array): Compression {
  if (looksLikeGzip(head)) return 'gzip';
  return looksLikeZlib(head) ? 'zlib' : 'none';
}

/** Splits a file name into its compression suffix (`.gz`, `.gzip`, `.zz`, `.zlib`) and the rest. */
export function splitCompressedName(name: string): { plain: string; compression: Compression } {
  const suffix = SUFFIX.exec(name);
  if (suffix === null) return { plain: name, compression: 'none' };
  return { plain: name.slice(0, suffix.index), compression: suffix[1] === undefined ? 'zlib' : 'gzip' };
}

/**
 * Returns the usual suffix of a compressed file, including its dot, or an empty string for `none`.
 */
export function compressionSuffix(compression: Compression): string {
  return { none: '', gzip: '.gz', zlib: '.zz' }[compression];
}

/**
 * Position at which reading starts. A {@link RecordpipeError} has these fields too: they locate the
 * first record that was not delivered.
 */
export interface ReadStart {
  /** Position of the first record's first byte in the uncompressed source. Default 0. */
  readonly offset?: number | undefined;
  /** Number of that record, from which subsequent records are counted. Default 0. */
  readonly record?: number | undefined;
}

/** Options that all record formats share. Every field has a default. */
export interface CodecOptions {
  /**
   * Compression of the whole stream. With `auto`, the default, a valid first record of the format
   * means `none`; otherwise the magic number of gzip or zlib decides. Concatenated gzip members or
   * zlib streams are read as one.
   */
  readonly compression: Compression | 'auto';
  /**
   * Maximum payload size in bytes. A longer payload is an error, and is reported before memory is
   * allocated for it. Default 2^31 - 1 (protobuf's limit), maximum 2^32 - 64.
   */
  readonly maxRecordBytes: number;
  /**
   * How to treat a truncated final header or gzip trailer. With `error`, the default, it is an
   * error; with `stop`, the stream ends quietly, as in TensorFlow. A truncated payload is always an
   * error.
   */
  readonly onTruncated: 'error' | 'stop';
  /**
   * How to treat bytes after the last record. With `error`, the default, they are an error;
   * `zeros-ok` accepts zero bytes up to the end (preallocated files, tapes); `ignore` ends the
   * stream at the first invalid header after a valid record.
   */
  readonly trailing: 'error' | 'zeros-ok' | 'ignore';
  /** Maximum number of corrupt regions to skip in the whole stream. Unlimited by default. */
  readonly maxCorruptedTotal: number;
  /** Called with the error of each skipped corrupt region. */
  readonly onCorrupt: ((error: RecordpipeError) => void) | undefined;
  /**
   * How to recover from damage. With `none`, the default, damage is an error: a reader throws it, and
   * a check lists it and stops if the position of the next record is unknown (`stoppedAt`). `scan`
   * skips damaged data and resumes at the next valid record. A valid TFRecord has a header and a payload with
   * valid checksums; in this mode, corrupt records are skipped regardless of
   * `maxCorruptedRecordsToSkip`.
   */
  readonly recover: 'none' | 'scan';
  /**
   * Compatibility with other readers. If undefined, the default, reading is strict. `tf` reads as
   * TensorFlow does: it implies `onTruncated: 'stop'`, which then also applies to a compressed
   * stream that is truncated in the middle, and it reads only the first of several zlib streams.
   */
  readonly compat: 'tf' | undefined;
  /** Whether to read zlib streams after the first one. Default true. */
  readonly zlibConcat: boolean;
  /**
   * Whether to reuse buffers. By default (false), a record stays valid as long as you keep it, and
   * keeps its chunk (`chunkBytes`) in memory. If true, a record or batch is valid only until you
   * request the next one, and nothing is allocated per chunk.
   */
  readonly reuse: boolean;
  /**
   * Whether records are copies. By default (false), they are views. If true, each record is a
   * separate array of exactly its size. Use it for records that you keep, transfer to another
   * thread, or change.
   */
  readonly copy: boolean;
  /**
   * Position at which reading starts. By default, this is the beginning of the source. Pass a
   * stored position, or the error that ended an earlier read, to resume at the first record that
   * was not delivered. Uncompressed regular files, objects, bytes and Blobs are read from that
   * position; other sources are read from the beginning, and everything before the position is
   * dropped.
   */
  readonly start: ReadStart | undefined;
  /** Name of the source in errors. By default, this is its path or URL, if it has one. */
  readonly uri: string | undefined;
}

export const DEFAULT_CODEC_OPTIONS: CodecOptions = {
  compression: 'auto',
  maxRecordBytes: 2 ** 31 - 1,
  onTruncated: 'error',
  trailing: 'error',
  maxCorruptedTotal: Number.POSITIVE_INFINITY,
  onCorrupt: undefined,
  recover: 'none',
  compat: undefined,
  zlibConcat: true,
  reuse: false,
  copy: false,
  start: undefined,
  uri: undefined,
};

/** Maximum value of `maxRecordBytes`: the size of a frame must fit into a 32-bit address. */
export const MAX_RECORD_BYTES: number = 2 ** 32 - 64;

/** Allowed values of options that accept only a fixed set. */
export type Choices = Readonly<Record<string, readonly unknown[]>>;

const CHOICES: Choices = {
  compression: ['auto', 'none', 'gzip', 'zlib'],
  onTruncated: ['error', 'stop'],
  trailing: ['error', 'zeros-ok', 'ignore'],
  recover: ['none', 'scan'],
  compat: [undefined, 'tf'],
  reuse: [false, true],
  copy: [false, true],
  zlibConcat: [false, true],
};

/**
 * Returns the complete options of a format, and checks the options that all formats share.
 * @param defaults the complete options of the format
 * @param choices the allowed values of the format's own options
 * @throws UsageError for an invalid value
 */
export function completeOptions<O extends CodecOptions>(
  defaults: O,
  given: Partial<O> | undefined,
  choices: Choices,
): O {
  if (given === undefined) return defaults;
  const options: O = { ...defaults, ...withoutUndefined(given) };
  checkChoices(options, CHOICES);
  checkChoices(options, choices);
  checkWhole('maxRecordBytes', options.maxRecordBytes, 0, MAX_RECORD_BYTES);
  checkStart(options.start);
  checkWhole('maxCorruptedTotal', options.maxCorruptedTotal, 0, Number.POSITIVE_INFINITY);
  return options.compat === 'tf' ? { ...options, onTruncated: 'stop', zlibConcat: false } : options;
}

/**
 * Checks that each option has one of its allowed values.
 * @throws UsageError for a value that is not among the choices of its option
 */
export function checkChoices(options: object, choices: Choices): void {
  for (const [name, allowed] of Object.entries(choices)) {
    const value = (options as Record<string, unknown>)[name];
    if (!allowed.includes(value))
      throw new UsageError(
        `${name}: expected one of ${allowed.map(String).join(', ')}, got ${String(value)}`,
      );
  }
}

/**
 * Checks that an option is an integer within its range.
 * @throws UsageError unless `value` is an integer from `min` to `max`, or `max` itself
 */
export function checkWhole(name: string, value: number, min: number, max: number): void {
  const whole = Number.isInteger(value) || value === max;
  if (!whole || value < min || value > max)
    throw new UsageError(`${name}: expected an integer from ${min} to ${max}, got ${value}`);
}

/**
 * Returns `base` with additional properties. Unlike an object spread, a call marked `@__PURE__`
 * lets bundlers drop an unused object, so that an application bundles only the formats it reads.
 */
export function extended<T extends object, B extends object>(base: B, more: Omit<T, keyof B>): T {
  return Object.freeze({ ...base, ...more }) as unknown as T;
}

export function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}

function checkStart(start: ReadStart | undefined): void {
  if (start === undefined) return;
  if (typeof start !== 'object' || start === null)
    throw new UsageError(`start: expected an object { offset, record }, got ${String(start)}`);
  for (const name of ['offset', 'record'] as const) {
    const value = start[name] ?? 0;
    if (!(Number.isSafeInteger(value) && value >= 0))
      throw new UsageError(`start.${name}: expected an integer >= 0, got ${String(value)}`);
  }
}

/** Returns the error for a source that ends before the position at which reading starts. */
export function startBeyondEnd(offset: number, size: number, uri: string | undefined): RecordpipeError {
  const text = `reading starts at byte ${offset}, but the source ends at ${size}; the source was replaced or truncated`;
  return new RecordpipeError('source-changed', text, { uri });
}
