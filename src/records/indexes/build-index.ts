import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import { isRecordpipeError, RecordpipeError, UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { formatOfForeignIndex, formats } from '../../formats/registry.ts';
import { exists, locationOf } from '../../storage/inspect.ts';
import type { Access, StoredFile } from '../../storage/storage.ts';
import { openSmallFile, openStoredFile } from '../../storage/stored-file.ts';
import { compareWithData } from './check-index.ts';
import type { FrameTable } from './frame-table.ts';
import {
  type IndexKind,
  indexKind,
  indexPathFor,
  loadIndex,
  refuseSameFile,
  type WrittenKind,
} from './index-files.ts';
import { type FrameScanOptions, layoutOf, type RecordLayout, SCAN_NAMES } from './layout-options.ts';
import { encodeIndex, fingerprintOf } from './rpidx.ts';
import { scanFrames } from './scan-frames.ts';
import { mxLines, vahidkLines } from './text-indexes.ts';

/**
 * How many records an index file has that fits its data; undefined where it is to be made anew. Of our kind it fits where neither time, size nor fingerprint
 * of the data has changed; the others know nothing of their data and are compared with all of it.
 *
 * @throws RecordpipeError `already-exists` where the file is no index of this kind, `index-mismatch`, `malformed-index` for one of MXNet's that does not fit
 */
export async function fittingIndex(
  file: StoredFile,
  indexPath: string,
  kind: IndexKind,
  options: Partial<FrameScanOptions>,
): Promise<number | undefined> {
  const found = await indexKind(indexPath, options);
  // An empty file is an index of no records of any kind but ours.
  const empty = found === 'vahidk' && file.size === 0 && kind !== 'rpidx';
  if (found !== kind && !empty) {
    const what = found === undefined ? 'is not an index' : `is an index of another kind (${found})`;
    throw new RecordpipeError('already-exists', `already exists and ${what}`, {
      uri: indexPath,
    });
  }
  try {
    if (kind !== 'rpidx') return (await compareWithData(file, indexPath, options)).table.count;
    const { table, mtimeNs } = await loadIndex(file, indexPath, options);
    return mtimeNs === file.mtimeNs ? table.count : undefined;
  } catch (error) {
    const unfit = isRecordpipeError(error, 'index-mismatch', 'malformed-index');
    if (unfit && kind !== 'mx') return undefined;
    throw error;
  }
}

/** How an index is made. Every field has a default; pass what differs. */
export interface BuildIndexOptions extends FrameScanOptions {
  /** Default `rpidx`. */
  readonly kind: WrittenKind;
  /**
   * Where it is written. Default: `FILE.rpidx`; for the other kinds an index of that kind beside the file, else the name that their tools
   * expect, with `.idx` in place of the extension: `train.idx` for `train.rec` and `train.tfrecord`.
   */
  readonly indexPath: string | URL | undefined;
  /**
   * Whether an existing file of this name is replaced, whatever it is. Default false: an index that fits its data is left alone; an index of
   * this kind that does not fit is rebuilt; anything else is an error and stays as it is, also an index of MXNet's that does not fit, whose
   * keys would be lost.
   */
  readonly overwrite: boolean;
}

const NAMES: OptionNames<BuildIndexOptions> = { ...SCAN_NAMES, kind: true, indexPath: true, overwrite: true };

/** An index beside its data. */
export interface BuiltIndex {
  /** Path of the data. */
  readonly path: string;
  readonly indexPath: string;
  readonly kind: WrittenKind;
  readonly format: FormatName;
  readonly records: number;
  /** Bytes of the data. */
  readonly bytes: number;
  readonly indexBytes: number;
  /** False where an index that fits existed, which was left alone. */
  readonly written: boolean;
}

/**
 * Makes the index of a file, in one pass over its headers, and writes it beside it; it appears under its name whole, or not at all.
 *
 * `kind: 'rpidx'` has 0 to 4 bytes per record, says what it was made of, and is checked against it when it is used. The others are what `tfrecord2idx` and
 * MXNet's `rec2idx` write, byte for byte, and know nothing of their data.
 *
 * @throws RecordpipeError what is wrong with the data (no index is written then); `unsupported-source` for compressed files and pipes, and for a kind that the format
 * does not have; `unknown-format`, `source-changed`, `not-found`, `access-denied`, `io-failure`, `aborted`; without `overwrite` also `already-exists`,
 * `index-mismatch`, `malformed-index`
 * @throws UsageError for a value that no option has
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
    // A file without a byte is of any format.
    const any = file.size === 0 ? formatOfForeignIndex(kind) : undefined;
    const layout = layoutOf(file, { ...options, ...(any && { format: any }) });
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
      const kept = await fittingIndex(file, indexPath, kind === 'dali' ? 'vahidk' : kind, {
        ...options,
        format,
      });
      if (kept !== undefined)
        return { ...about, records: kept, indexBytes: await bytesOf(indexPath, options), written: false };
    }
    const table = await scanFrames(file, layout, options);
    const { writeWhole } = await import('../write/prepare-output.ts');
    const made = await pieces(kind, file, layout, table);
    const indexBytes = await writeWhole(indexPath, made, {
      overwrite: overwrite || keep,
      objects: options.objects,
      signal: options.signal,
    });
    return { ...about, records: table.count, indexBytes, written: true };
  } finally {
    await file.close();
  }
}

async function bytesOf(indexPath: string, access: Access): Promise<number> {
  const index = await openSmallFile(indexPath, access);
  await index.close();
  return index.size;
}

async function pieces(
  kind: WrittenKind,
  file: StoredFile,
  layout: RecordLayout,
  table: FrameTable,
): Promise<Iterable<Uint8Array>> {
  if (kind === 'mx') return mxLines(table);
  if (kind !== 'rpidx') return vahidkLines(table);
  return encodeIndex({ layout, table, mtimeNs: file.mtimeNs, fingerprint: await fingerprintOf(file) });
}

/** @throws UsageError for an unknown kind; RecordpipeError `unsupported-source` for one that the format does not have */
export function checkKind(kind: WrittenKind, format: FormatName, uri: string): void {
  if (kind === 'rpidx') return;
  const wanted = formatOfForeignIndex(kind);
  if (wanted === undefined) {
    const kinds = formats().flatMap(({ foreignIndexes = [] }) => foreignIndexes);
    throw new UsageError(`kind: expected one of rpidx, ${kinds.join(', ')}, got ${String(kind)}`);
  }
  if (wanted === format) return;
  const text = `an index of kind ${kind} is for ${wanted} files, but this file is ${format}; kind: 'rpidx' supports all formats`;
  throw new RecordpipeError('unsupported-source', text, { uri });
}
