import { availableParallelism } from 'node:os';
import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import { isRecordpipeError, RecordpipeError, UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { formatOfForeignIndex, formats } from '../../formats/registry.ts';
import { exists, locationOf } from '../../storage/inspect.ts';
import type { Access, StoredFile } from '../../storage/storage.ts';
import { openSmallFile, openStoredFile } from '../../storage/stored-file.ts';
import { compareWithData } from './check-index.ts';
import type { FrameTable } from './frame-table.ts';
import { indexKind, indexPathFor, loadIndex, refuseSameFile, type WrittenKind } from './index-files.ts';
import { type FrameScanOptions, layoutOf, type RecordLayout, SCAN_NAMES } from './layout-options.ts';
import { encodeIndex, fingerprintOf } from './rpidx.ts';
import { scanFrames } from './scan-frames.ts';
import { mxLines, vahidkLines } from './text-indexes.ts';

/**
 * Minimum size of a file for using worker threads. Reading the headers of less data takes about as
 * long as starting threads.
 */
const MIN_WORKER_BYTES = 1024 * 1024 * 1024;
const MAX_JOBS = 256;

/** How to build an index. Every field has a default. */
export interface BuildIndexOptions extends FrameScanOptions {
  /** Kind of the index. Default `rpidx`. */
  readonly kind: WrittenKind;
  /**
   * Path of the index. Default for `rpidx`: `FILE.rpidx`. Default for the other kinds: an existing
   * index of that kind beside the file, or else the name that other tools expect, with `.idx` in
   * place of the extension: `train.idx` for `train.rec` and `train.tfrecord`.
   */
  readonly indexPath: string | URL | undefined;
  /**
   * Whether to replace an existing file of this name, regardless of its contents. By default
   * (false), an index that matches its data is kept, and an index of this kind that does not match
   * is rebuilt. Any other file is an error and remains unchanged. An MXNet index that does not
   * match is also an error, because rebuilding it would lose its keys.
   */
  readonly overwrite: boolean;
  /**
   * Number of worker threads that find the records of a large file or object, 1 to 256. If 1, the
   * calling thread does. Default: the number of available cores for files of at least 1 GiB, or
   * else 1.
   */
  readonly jobs: number | undefined;
}

const NAMES: OptionNames<BuildIndexOptions> = {
  ...SCAN_NAMES,
  kind: true,
  indexPath: true,
  overwrite: true,
  jobs: true,
};

/** An index and the data that it belongs to. */
export interface BuiltIndex {
  /** Path of the data. */
  readonly path: string;
  /** Path or address of the index. */
  readonly indexPath: string;
  /** Kind of the index. */
  readonly kind: WrittenKind;
  /** Format of the record file. */
  readonly format: FormatName;
  /** Number of records. */
  readonly records: number;
  /** Size of the data in bytes. */
  readonly bytes: number;
  /** Size of the index, in bytes. */
  readonly indexBytes: number;
  /** Whether an index was written. False if an existing index matches its data and was kept. */
  readonly written: boolean;
}

/**
 * Builds the index of a file by reading its headers once, and writes it. The index appears under
 * its name only when it is complete.
 *
 * An index of `kind: 'rpidx'` takes 0 to 4 bytes per record and identifies its data, so that a
 * later use can verify it. The other kinds equal the output of `tfrecord2idx` and of MXNet's
 * `rec2idx`, byte for byte; they do not identify their data.
 *
 * @throws RecordpipeError errors in the data, after which no index is written; `unsupported-source`
 *   for compressed files and pipes, and for a kind that does not support the format;
 *   `unknown-format`, `source-changed`, `not-found`, `access-denied`, `io-failure`, `aborted`;
 *   without `overwrite` also `already-exists`, `index-mismatch`, `malformed-index`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { openTFRecordWriter } from 'recordpipe/records/write';
 * import { buildIndex } from 'recordpipe/records/indexes';
 * const writer = await openTFRecordWriter('numbers.tfrecord');
 * for (let i = 0; i < 100; i++) await writer.write(Uint8Array.of(i));
 * await writer.close();
 * const { indexPath, records } = await buildIndex('numbers.tfrecord', { kind: 'vahidk' });
 * console.log(indexPath, records); // numbers.idx 100
 * ```
 */
export async function buildIndex(
  path: string | URL,
  options: Partial<BuildIndexOptions> = {},
): Promise<BuiltIndex> {
  checkOptionNames('buildIndex', options, NAMES);
  const { kind = 'rpidx', overwrite = false } = options;
  const file = await openStoredFile(path, options);
  try {
    const jobs = jobsFor(file, options.jobs);
    // An empty file is valid in every format.
    const assumed = file.size === 0 ? formatOfForeignIndex(kind) : undefined;
    const layout = layoutOf(file, { ...options, ...(assumed && { format: assumed }) });
    const { format } = layout;
    checkKind(kind, format, file.path);
    const indexPath =
      options.indexPath === undefined
        ? await indexPathFor(file.path, kind, options)
        : locationOf(options.indexPath);
    refuseSameFile(indexPath, file.path);
    const about = { path: file.path, indexPath, kind, format, bytes: file.size };
    const keep = !overwrite && (await exists(indexPath, options));
    if (keep) {
      const records = await fittingRecords(file, indexPath, kind, { ...options, format });
      if (records !== undefined)
        return { ...about, records, indexBytes: await sizeOf(indexPath, options), written: false };
    }
    const table = await scanFrames(file, layout, options, jobs);
    const { writeWhole } = await import('../write/prepare-output.ts');
    const indexBytes = await writeWhole(indexPath, await encoded(kind, file, layout, table), {
      overwrite: overwrite || keep,
      objects: options.objects,
      signal: options.signal,
    });
    return { ...about, records: table.count, indexBytes, written: true };
  } finally {
    await file.close();
  }
}

/** Returns the number of threads that find the records of a file. */
function jobsFor({ size }: StoredFile, jobs: number | undefined): number {
  if (jobs === undefined) return size < MIN_WORKER_BYTES ? 1 : availableParallelism();
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= MAX_JOBS) return jobs;
  throw new UsageError(`jobs: expected an integer from 1 to ${MAX_JOBS}, got ${jobs}`);
}

/**
 * Checks that a kind of index exists and supports the format.
 *
 * @throws UsageError for an unknown kind; RecordpipeError `unsupported-source` if the kind does not
 *   support the format
 */
function checkKind(kind: WrittenKind, format: FormatName, uri: string): void {
  if (kind === 'rpidx') return;
  const indexed = formatOfForeignIndex(kind);
  if (indexed === undefined) {
    const kinds = formats().flatMap(({ foreignIndexes = [] }) => foreignIndexes);
    throw new UsageError(`kind: expected one of rpidx, ${kinds.join(', ')}, got ${String(kind)}`);
  }
  if (indexed === format) return;
  const text = `an index of kind ${kind} supports only ${indexed} files, but this file is ${format}; kind: 'rpidx' supports all formats`;
  throw new RecordpipeError('unsupported-source', text, { uri });
}

/**
 * Returns the number of records of an existing index that matches its data, or undefined if the
 * index must be rebuilt. An `rpidx` index matches if the modification time, size and fingerprint of
 * the data are unchanged. The other kinds do not identify their data, so they are compared with all
 * of it.
 *
 * @throws RecordpipeError `already-exists` if the file is not an index of this kind;
 *   `index-mismatch`, `malformed-index` for an MXNet index that does not match
 */
async function fittingRecords(
  file: StoredFile,
  indexPath: string,
  kind: WrittenKind,
  options: Partial<FrameScanOptions>,
): Promise<number | undefined> {
  const found = await indexKind(indexPath, options);
  // An empty file is a valid index of no records for any kind except rpidx.
  const empty = found === 'vahidk' && file.size === 0 && kind !== 'rpidx';
  if (found !== (kind === 'dali' ? 'vahidk' : kind) && !empty) {
    const what = found === undefined ? 'is not an index' : `is an index of a different kind (${found})`;
    throw new RecordpipeError('already-exists', `already exists and ${what}`, { uri: indexPath });
  }
  try {
    if (kind !== 'rpidx') return (await compareWithData(file, indexPath, options)).table.count;
    const { table, mtimeNs } = await loadIndex(file, indexPath, options);
    return mtimeNs === file.mtimeNs ? table.count : undefined;
  } catch (error) {
    if (kind !== 'mx' && isRecordpipeError(error, 'index-mismatch', 'malformed-index')) return undefined;
    throw error;
  }
}

async function sizeOf(indexPath: string, access: Access): Promise<number> {
  const index = await openSmallFile(indexPath, access);
  await index.close();
  return index.size;
}

async function encoded(
  kind: WrittenKind,
  file: StoredFile,
  layout: RecordLayout,
  table: FrameTable,
): Promise<Iterable<Uint8Array>> {
  if (kind === 'mx') return mxLines(table);
  if (kind !== 'rpidx') return vahidkLines(table);
  return encodeIndex({ layout, table, mtimeNs: file.mtimeNs, fingerprint: await fingerprintOf(file) });
}
