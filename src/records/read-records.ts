import type { ByteSource } from '../bytes/sources.ts';
import { newReadStats, type ReadStats } from './corruption.ts';
import { recordFormat } from './formats.ts';
import { type IdentifiedSource, identifySource } from './identify-source.ts';
import { manyBatches, scanMany } from './many-files.ts';
import { filesOf } from './object-io.ts';
import { PeekedSource } from './peeked-source.ts';
import { type Compression, DEFAULT_READ_OPTIONS, reusedChunkBytes } from './read-options.ts';
import { FORMAT_NAMES, type FormatName } from './record-format.ts';
import type { RecordReadOptions } from './record-read-options.ts';
import { type Batches, RecordReader, readBatches } from './record-reader.ts';
import { type RecordScan, type ScanOptions, scanSource } from './scan-source.ts';

/** How records are scanned where the format is an option. */
export type RecordScanOptions = ScanOptions<RecordReadOptions>;

/**
 * A source of bytes, or what stands for files (Node): a folder, a pattern, `s3://bucket/prefix/`, `@list`, or an array of
 * those and of paths, as for `expandInputs` of `recordpipe/report`. Files are read one after the other; positions and
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
  checkOptions(options);
  const found = await identify(source, options, readChunkBytes(options));
  const { format, compression, uri, size } = found;
  const reading = { ...options, compression, uri };
  return {
    format,
    compression,
    uri,
    size,
    batches: closing(readBatches(recordFormat(format), found.source, reading), found.source),
  };
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
  for (const name of format === 'auto' ? FORMAT_NAMES : [format]) recordFormat(name).readOptions(given);
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
  return reuse ? reusedChunkBytes(blocking) : DEFAULT_READ_OPTIONS.chunkBytes;
}

function batches(source: RecordSources, options: Partial<RecordReadOptions> = {}, stats: ReadStats): Batches {
  checkOptions(options);
  const files = filesOf(source, options);
  if (files === undefined) return batchesOfOne(source as ByteSource, options, stats);
  return manyBatches(files, (file, one) => batchesOfOne(file, options, one), stats);
}

function batchesOfOne(source: ByteSource, options: Partial<RecordReadOptions>, stats: ReadStats): Batches {
  const { format = 'auto' } = options;
  if (format !== 'auto') return readBatches(recordFormat(format), source, options, stats);
  return detectedBatches(source, options, stats);
}

async function* detectedBatches(
  source: ByteSource,
  options: Partial<RecordReadOptions>,
  stats: ReadStats,
): Batches {
  const found = await identify(source, options, readChunkBytes(options));
  const { compression, uri } = found;
  yield* readBatches(recordFormat(found.format), found.source, { ...options, compression, uri }, stats);
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
