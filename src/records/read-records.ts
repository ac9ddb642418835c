import { checkOptionNames } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { type RecordpipeError, UsageError } from '../errors.ts';
import type { Compression } from '../formats/codec-options.ts';
import { newReadStats, type ReadStats } from '../formats/corruption.ts';
import type { FormatName } from '../formats/names/index.ts';
import { formats, recordFormat } from '../formats/registry.ts';
import { isRemote } from '../storage/stored-source.ts';
import { type IdentifiedSource, identifySource } from './identify-source.ts';
import { filesOf } from './object-io.ts';
import { PeekedSource } from './peeked-source.ts';
import {
  DEFAULT_SOURCE_OPTIONS,
  type RecordReadOptions,
  readOptions,
  reusedChunkBytes,
} from './read-options.ts';
import { type Batches, onceAsync, READ_AGAIN, RecordReader, readBatches } from './record-reader.ts';
import { type RecordScan, type ScanOptions, scanNames, scanSource } from './scan-source.ts';

/**
 * The batches of files, one file after the other.
 * @param read starts reading a file, counting in the statistics it is given
 * @param stats the sums over all files
 */
export async function* manyBatches(
  files: AsyncIterable<string>,
  read: (file: string, stats: ReadStats) => Batches,
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

/** What a scan of several files found: sums, the first findings, and the format and compression of the first file. */
export async function scanMany(
  files: AsyncIterable<string>,
  maxErrors: number,
  scan: (file: string) => Promise<RecordScan>,
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
          };
  }
  return total && { ...total, errors };
}

/** How records are scanned where the format is an option. */
export type RecordScanOptions = ScanOptions<RecordReadOptions>;

/**
 * A source of bytes, or what stands for files (Node): a folder, a pattern, `s3://bucket/prefix/`, `@list`, or an array of
 * those and of paths, as for `expandInputs` of `recordpipe/check`. Files are read one after the other; positions and
 * budgets for damage are those of each file.
 */
export type RecordSources = ByteSource | readonly (string | URL)[];

/** A source of which is known what it holds, ready to be read. */
export interface OpenedRecords {
  readonly format: FormatName;
  readonly compression: Compression;
  /** What errors call it. */
  readonly uri: string | undefined;
  /** Total bytes as stored, where the source knows. */
  readonly size: (() => number) | undefined;
  /** The records. What can be read only once stays open until they are at their end or `return()` is called. */
  readonly batches: Batches;
}

/** An object with the names of the options of all formats. */
function readNames(): object {
  const all = formats().map((format) => format.readOptions(undefined));
  return Object.assign({ ...DEFAULT_SOURCE_OPTIONS, format: 'auto' }, ...all);
}

/**
 * The records of a file or stream of any format, one by one, as views (`Uint8Array`) of their bytes: by default of the format that its content
 * shows. As `readTFRecords` and its like in everything else.
 *
 * @param options see {@link RecordReadOptions}; those of a format that the source is not of do nothing
 * @throws RecordpipeError while iterating: `unknown-format` where the content is of no known format; else as the readers of the formats
 * @throws UsageError for an unknown option value
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
 * The same records, in batches of up to about 1 MiB.
 *
 * @throws as {@link readRecords}
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
 * The same for those who must know what they read before they read it: format and compression, then the records.
 *
 * @throws as {@link readRecords}, what concerns opening and detection at once
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
  const found = await identify(source, options, readChunkBytes(options));
  const { format, compression, uri, size } = found;
  const reading = { ...options, compression, uri };
  const content = await seekable(source, found, options);
  const batches = closing(readBatches(recordFormat(format), content, reading), content);
  return { format, compression, uri, size, batches };
}

/**
 * Checks every record of a source of any format without handing out any, as `scanTFRecords` does. Of several files it
 * returns sums, and the format and compression of the first.
 *
 * @throws RecordpipeError `unknown-format` where the content is of no known format; else as `scanTFRecords`
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
  const files = filesOf(source, options);
  if (files !== undefined) {
    const { maxErrors = 100 } = options;
    const scanned = await scanMany(files, maxErrors, (file) => scanOne(file, options));
    // Inputs that stand for no file are an error.
    return scanned!;
  }
  return scanOne(source as ByteSource, options);
}

async function scanOne(source: ByteSource, options: Partial<RecordScanOptions>): Promise<RecordScan> {
  const { format } = options;
  if (format !== undefined && format !== 'auto') return scanSource(recordFormat(format), source, options);
  const found = await identify(source, options, reusedChunkBytes(options.blocking));
  const { compression, uri } = found;
  return scanSource(recordFormat(found.format), found.source, { ...options, compression, uri });
}

/**
 * Checks the options of the format, or with `auto` of all formats.
 * @throws UsageError for a value that no option has
 */
function checkOptions({ format = 'auto', ...given }: Partial<RecordReadOptions | RecordScanOptions>): void {
  for (const one of format === 'auto' ? formats() : [recordFormat(format)]) readOptions(one, given);
}

function identify(
  source: ByteSource,
  given: Partial<RecordReadOptions | RecordScanOptions>,
  presetChunkBytes: number,
): Promise<IdentifiedSource> {
  const { compression = 'auto', format = 'auto', blocking = false, uri, objects, signal } = given;
  const { chunkBytes = presetChunkBytes } = given;
  const known = format === 'auto' ? format : recordFormat(format);
  return identifySource(source, { format: known, compression, chunkBytes, blocking, uri, objects, signal });
}

function readChunkBytes({ reuse, blocking }: Partial<RecordReadOptions>): number {
  return reuse ? reusedChunkBytes(blocking) : DEFAULT_SOURCE_OPTIONS.chunkBytes;
}

function batches(source: RecordSources, options: Partial<RecordReadOptions> = {}, stats: ReadStats): Batches {
  checkOptions(options);
  const files = filesOf(source, options);
  if (files === undefined) return batchesOfOne(source as ByteSource, options, stats);
  if (options.start?.offset || options.start?.record)
    throw new UsageError(
      'start: it names a position in one file, the input stands for several; pass that file',
    );
  return onceAsync(
    manyBatches(files, (file, one) => batchesOfOne(file, options, one), stats),
    READ_AGAIN,
  );
}

function batchesOfOne(source: ByteSource, options: Partial<RecordReadOptions>, stats: ReadStats): Batches {
  const { format = 'auto' } = options;
  if (format !== 'auto') return readBatches(recordFormat(format), source, options, stats);
  return onceAsync(detectedBatches(source, options, stats), READ_AGAIN);
}

async function* detectedBatches(
  source: ByteSource,
  options: Partial<RecordReadOptions>,
  stats: ReadStats,
): Batches {
  const found = await identify(source, options, readChunkBytes(options));
  const { compression, uri } = found;
  const content = await seekable(source, found, options);
  yield* readBatches(recordFormat(found.format), content, { ...options, compression, uri }, stats);
}

/** An object that was opened to identify it is opened again where reading begins in its middle: what lies before need not come. */
async function seekable(
  source: ByteSource,
  found: IdentifiedSource,
  { start }: Partial<RecordReadOptions>,
): Promise<ByteSource | PeekedSource> {
  const seek = start?.offset && found.compression === 'none' && isRemote(source);
  if (!seek || !(found.source instanceof PeekedSource)) return found.source;
  await found.source.close();
  return source;
}

/** A source that has been opened is closed by `return()` even where nothing was read: a generator that was never started runs no `finally`. */
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
