import { checkOptionNames } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { type RecordpipeError, UsageError } from '../errors.ts';
import type { Compression } from '../formats/codec-options.ts';
import { newReadStats, type ReadStats } from '../formats/corruption.ts';
import type { FormatName } from '../formats/names/index.ts';
import { formats, recordFormat } from '../formats/registry.ts';
import type { ObjectRef } from '../storage/storage.ts';
import { isRemote } from '../storage/stored-source.ts';
import { type IdentifiedSource, identifyPeeked, identifySource } from './identify-source.ts';
import { sourcesOf } from './object-io.ts';
import { PeekedSource } from './peeked-source.ts';
import {
  DEFAULT_SOURCE_OPTIONS,
  defaultChunkBytes,
  type RecordReadOptions,
  readOptions,
} from './read-options.ts';
import { type Batches, onceAsync, READ_AGAIN, RecordReader, readBatches } from './record-reader.ts';
import { type RecordScan, type ScanOptions, scanNames, scanSource } from './scan-source.ts';

/**
 * Yields the batches of several files, in order.
 * @param read starts reading a file, and adds to the given statistics
 * @param stats the sums over all files
 */
export async function* manyBatches(
  files: AsyncIterable<ByteSource | PeekedSource>,
  read: (file: ByteSource | PeekedSource, stats: ReadStats) => Batches,
  stats: ReadStats,
): Batches {
  const before = newReadStats();
  for await (const file of files) {
    const one = newReadStats();
    try {
      for await (const batch of read(file, one)) {
        sum(stats, before, one);
        yield batch;
      }
    } finally {
      sum(stats, before, one);
    }
    Object.assign(before, stats);
  }
}

function sum(total: ReadStats, before: ReadStats, one: ReadStats): void {
  for (const name of Object.keys(total) as (keyof ReadStats)[]) total[name] = before[name] + one[name];
}

/**
 * Scans several files. Returns the sums, the first findings, and the format and compression of the
 * first file.
 */
export async function scanMany(
  files: AsyncIterable<ByteSource | PeekedSource>,
  maxErrors: number,
  scan: (file: ByteSource | PeekedSource) => Promise<RecordScan>,
): Promise<RecordScan | undefined> {
  let total: RecordScan | undefined;
  const errors: RecordpipeError[] = [];
  for await (const file of files) {
    const one = await scan(file);
    for (const error of one.errors) if (errors.length < maxErrors) errors.push(error);
    total =
      total === undefined
        ? { ...one, uri: undefined }
        : {
            ...total,
            records: total.records + one.records,
            payloadBytes: total.payloadBytes + one.payloadBytes,
            bytes: total.bytes + one.bytes,
            errorCount: total.errorCount + one.errorCount,
            trailingBytes: total.trailingBytes + one.trailingBytes,
            warnings: total.warnings + one.warnings,
            ...firstStop(total, one),
          };
  }
  return total && { ...total, errors };
}

function firstStop(total: RecordScan, one: RecordScan): Pick<RecordScan, 'stoppedAt'> {
  const { stoppedAt = one.stoppedAt } = total;
  return stoppedAt === undefined ? {} : { stoppedAt };
}

/** Options for scanning records if the format is an option. */
export type RecordScanOptions = ScanOptions<RecordReadOptions>;

/**
 * A source of bytes or, on Node, of files: a folder, a pattern, `s3://bucket/prefix/`, an `@list`,
 * or an array of these and of paths, as with `expandInputs` of `recordpipe/check`. Items `{ uri }`,
 * such as the entries of a listing, are read as they are. Files are read in order, and the first
 * bytes of the next objects are requested while one is read. Positions and limits on skipped
 * corruption apply to each file separately.
 */
export type RecordSources = ByteSource | readonly (string | URL | ObjectRef)[];

/** An open source with a known format and compression. */
export interface OpenedRecords {
  /** Format of the source. */
  readonly format: FormatName;
  /** Compression of the whole source. */
  readonly compression: Compression;
  /** Name of the source in errors. */
  readonly uri: string | undefined;
  /** Returns the stored size in bytes. Undefined if the source does not know it. */
  readonly size: (() => number) | undefined;
  /** Returns the ETag of an object. Undefined if the source is not an object, or has no ETag. */
  readonly etag?: (() => string | undefined) | undefined;
  /**
   * The records. A source that can be read only once remains open until the records end or
   * `return()` is called.
   */
  readonly batches: Batches;
}

/** Returns an object with the option names of all formats. */
export function readNames(): Readonly<Record<string, unknown>> {
  const all = formats().map((format) => format.readOptions(undefined));
  return Object.assign({ ...DEFAULT_SOURCE_OPTIONS, format: 'auto' }, ...all);
}

/**
 * Reads the records of a file or stream one by one, as views (`Uint8Array`). By default, the format
 * is detected from the content. Otherwise, it works like `readTFRecords` and the readers of the
 * other formats.
 *
 * @param options see {@link RecordReadOptions}; options of other formats are ignored
 * @throws RecordpipeError while iterating: `unknown-format` for content of an unknown format;
 *   otherwise the same errors as the reader of the format
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { encodeTFRecord, readRecords } from 'recordpipe';
 * for await (const record of readRecords([encodeTFRecord(Uint8Array.of(7))])) console.log(record); // Uint8Array(1) [ 7 ]
 * ```
 */
export function readRecords(source: RecordSources, options?: Partial<RecordReadOptions>): RecordReader {
  checkOptionNames('readRecords', options, readNames());
  return new RecordReader((stats) => batches(source, options, stats));
}

/**
 * Like {@link readRecords}, but returns batches of up to about 1 MiB.
 *
 * @throws the same errors as {@link readRecords}
 * @example
 * ```ts
 * import { encodeTFRecord, readRecordBatches } from 'recordpipe';
 * let records = 0;
 * for await (const batch of readRecordBatches([encodeTFRecord(new Uint8Array(10))])) records += batch.length;
 * console.log(records); // 1
 * ```
 */
export function readRecordBatches(source: RecordSources, options?: Partial<RecordReadOptions>): Batches {
  checkOptionNames('readRecordBatches', options, readNames());
  return batches(source, options, newReadStats());
}

/**
 * Opens a source and determines its format and compression before the records are read.
 *
 * @throws the same errors as {@link readRecords}, except that errors of opening and detection are
 *   thrown immediately
 * @example
 * ```ts
 * import { encodeTFRecord, openRecords } from 'recordpipe';
 * const { format, compression, batches } = await openRecords(encodeTFRecord(new Uint8Array(10)));
 * for await (const batch of batches) console.log(format, compression, batch.length); // tfrecord none 1
 * ```
 */
export async function openRecords(
  source: ByteSource,
  options: Partial<RecordReadOptions> = {},
): Promise<OpenedRecords> {
  checkOptionNames('openRecords', options, readNames());
  checkOptions(options);
  return openOne(source, options);
}

/** Opens a source like {@link openRecords}. The options must be valid. */
export async function openOne(
  source: ByteSource | PeekedSource,
  options: Partial<RecordReadOptions>,
): Promise<OpenedRecords> {
  const found = await identify(source, options);
  const { format, compression, uri, size, etag } = found;
  const reading = { ...options, compression, uri };
  const content = await seekable(source, found, options);
  const batches = closing(readBatches(recordFormat(format), content, reading), content);
  return { format, compression, uri, size, etag, batches };
}

/**
 * Checks the records of a source of any format, like `scanTFRecords`: without `recover`, the check of
 * a file stops at damage after which the position of the next record is unknown, and `stoppedAt`
 * is set. For several files, it returns the sums, the format and compression of the first file, and
 * the `stoppedAt` of the first file that has one.
 *
 * @throws RecordpipeError `unknown-format` for content of an unknown format; otherwise the same
 *   errors as `scanTFRecords`
 * @example
 * ```ts
 * import { encodeTFRecord, scanRecords } from 'recordpipe';
 * const { format, records, errors } = await scanRecords([encodeTFRecord(new Uint8Array(3))]);
 * console.log(format, records, errors.length); // tfrecord 1 0
 * ```
 */
export async function scanRecords(
  source: RecordSources,
  options: Partial<RecordScanOptions> = {},
): Promise<RecordScan> {
  checkOptionNames('scanRecords', options, scanNames(readNames()));
  checkOptions(options);
  const files = sourcesOf(source, options);
  if (files !== undefined) {
    const { maxErrors = 100 } = options;
    const scanned = await scanMany(files, maxErrors, (file) => scanOne(file, options));
    // Never undefined here, because inputs that match no file are an error.
    return scanned!;
  }
  return scanOne(source as ByteSource, options);
}

async function scanOne(
  source: ByteSource | PeekedSource,
  options: Partial<RecordScanOptions>,
): Promise<RecordScan> {
  const { format } = options;
  if (format !== undefined && format !== 'auto') return scanSource(recordFormat(format), source, options);
  const found = await identify(source, options);
  const { compression, uri } = found;
  return scanSource(recordFormat(found.format), found.source, { ...options, compression, uri });
}

/**
 * Checks the options of the format, or of all formats for `auto`.
 * @throws UsageError for an invalid option value
 */
function checkOptions({ format = 'auto', ...given }: Partial<RecordReadOptions | RecordScanOptions>): void {
  for (const one of format === 'auto' ? formats() : [recordFormat(format)]) readOptions(one, given);
}

function identify(
  source: ByteSource | PeekedSource,
  given: Partial<RecordReadOptions | RecordScanOptions>,
): Promise<IdentifiedSource> {
  const { compression = 'auto', format = 'auto', blocking = false, uri, objects, signal } = given;
  const { chunkBytes = defaultChunkBytes(blocking) } = given;
  const known = format === 'auto' ? format : recordFormat(format);
  if (source instanceof PeekedSource) return identifyPeeked(source, { format: known, compression, uri });
  return identifySource(source, { format: known, compression, chunkBytes, blocking, uri, objects, signal });
}

function batches(source: RecordSources, options: Partial<RecordReadOptions> = {}, stats: ReadStats): Batches {
  checkOptions(options);
  const files = sourcesOf(source, options);
  if (files === undefined) return batchesOfOne(source as ByteSource, options, stats);
  if (options.start?.offset || options.start?.record)
    throw new UsageError(
      'start: a position applies to one file, but the input contains several files; pass only that file',
    );
  return onceAsync(
    manyBatches(files, (file, one) => batchesOfOne(file, options, one), stats),
    READ_AGAIN,
  );
}

/** Reads the records of one source, and adds to the statistics. The options must be valid. */
export function batchesOfOne(
  source: ByteSource | PeekedSource,
  options: Partial<RecordReadOptions>,
  stats: ReadStats,
): Batches {
  const { format = 'auto' } = options;
  if (format !== 'auto') return readBatches(recordFormat(format), source, options, stats);
  return onceAsync(detectedBatches(source, options, stats), READ_AGAIN);
}

async function* detectedBatches(
  source: ByteSource | PeekedSource,
  options: Partial<RecordReadOptions>,
  stats: ReadStats,
): Batches {
  const found = await identify(source, options);
  const { compression, uri } = found;
  const content = await seekable(source, found, options);
  yield* readBatches(recordFormat(found.format), content, { ...options, compression, uri }, stats);
}

/**
 * If reading starts within an object that was opened for detection, reopens it there, so that the
 * bytes before the start are skipped.
 */
async function seekable(
  source: ByteSource | PeekedSource,
  found: IdentifiedSource,
  { start }: Partial<RecordReadOptions>,
): Promise<ByteSource | PeekedSource> {
  if (source instanceof PeekedSource) return source;
  const seek = start?.offset && found.compression === 'none' && isRemote(source);
  if (!seek || !(found.source instanceof PeekedSource)) return found.source;
  await found.source.close();
  return source;
}

/**
 * Makes `return()` close an open source even if nothing has been read. A generator that was never
 * started does not run its `finally`.
 */
function closing(batches: Batches, source: ByteSource | PeekedSource): Batches {
  if (!(source instanceof PeekedSource)) return batches;
  const end = batches.return.bind(batches);
  batches.return = async (value) => {
    const result = await end(value);
    await source.close();
    return result;
  };
  return batches;
}
