import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { indexMismatch } from '../../formats/index-errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { locationOf } from '../../storage/inspect.ts';
import type { Access, StoredFile } from '../../storage/storage.ts';
import { openSmallFile, openStoredFile } from '../../storage/stored-file.ts';
import type { FrameTable } from './frame-table.ts';
import {
  findIndex,
  findIndexOf,
  type IndexKind,
  indexKind,
  loadIndex,
  type WrittenKind,
} from './index-files.ts';
import type { FrameScanOptions } from './layout-options.ts';
import { layoutOf, SCAN_NAMES } from './layout-options.ts';
import { scanFrames } from './scan-frames.ts';
import { forEachMXLine, type MXKey, type MXKeys, readMXKeys } from './text-indexes.ts';

/** How to check an index. Every field has a default. */
export interface CheckIndexOptions extends FrameScanOptions {
  /** Kind of the index to find beside the file. Default: any kind; see `openIndexed`. */
  readonly kind: WrittenKind | undefined;
  /** Path of the index. Default: the one beside the file. */
  readonly indexPath: string | URL | undefined;
}

const NAMES: OptionNames<CheckIndexOptions> = { ...SCAN_NAMES, kind: true, indexPath: true };

/** An index that matches its data. */
export interface CheckedIndex {
  /** Path of the data. */
  readonly path: string;
  /** Path or address of the index. */
  readonly indexPath: string;
  /** Kind of the index. */
  readonly kind: IndexKind;
  /** Format of the record file. */
  readonly format: FormatName;
  /** Number of records. */
  readonly records: number;
  /** Size of the data in bytes. */
  readonly bytes: number;
}

/**
 * Checks an index against all of its data: it must locate exactly the records of the file. The
 * lines of an MXNet index may be in any order, but every record needs a key. If a key is repeated,
 * MXNet reads only its last record.
 *
 * @throws RecordpipeError `index-mismatch`, `malformed-index` for an index that does not match its
 *   data; errors in the data; `not-found`, `access-denied`, `io-failure`, `unsupported-source`,
 *   `aborted`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { openTFRecordWriter } from 'recordpipe/records/write';
 * import { buildIndex, checkIndex } from 'recordpipe/records/indexes';
 * const writer = await openTFRecordWriter('numbers.tfrecord');
 * for (let i = 0; i < 100; i++) await writer.write(Uint8Array.of(i));
 * await writer.close();
 * await buildIndex('numbers.tfrecord');
 * console.log((await checkIndex('numbers.tfrecord')).records); // 100
 * ```
 */
export async function checkIndex(
  path: string | URL,
  options: Partial<CheckIndexOptions> = {},
): Promise<CheckedIndex> {
  checkOptionNames('checkIndex', options, NAMES);
  const file = await openStoredFile(path, options);
  try {
    const { kind: wanted } = options;
    const given =
      options.indexPath ??
      (await (wanted ? findIndexOf(file.path, wanted, options) : findIndex(file, options)));
    if (given === undefined) {
      const what = wanted === undefined ? 'an index' : `an index of kind ${wanted}`;
      const text = `expected ${what} beside the file, but found none; build an index (recordpipe index)`;
      throw new RecordpipeError('not-found', text, { uri: file.path });
    }
    const indexPath = locationOf(given);
    const { kind, format, table } = await compareWithData(file, indexPath, options);
    return { path: file.path, indexPath, kind, format, records: table.count, bytes: file.size };
  } finally {
    await file.close();
  }
}

/** The kind and format of a matching index, and the frames of its data. */
export interface Checked extends Pick<CheckedIndex, 'kind' | 'format'> {
  readonly table: FrameTable;
}

/**
 * Compares an index with all of its data.
 *
 * @throws the same errors as {@link checkIndex}
 */
export async function compareWithData(
  file: StoredFile,
  indexPath: string,
  options: Partial<FrameScanOptions>,
): Promise<Checked> {
  const kind = await indexKind(indexPath, options);
  return kind === 'mx' ? checkMX(file, indexPath, options) : checkTable(file, indexPath, options);
}

async function checkTable(
  file: StoredFile,
  indexPath: string,
  options: Partial<FrameScanOptions>,
): Promise<Checked> {
  const { kind, layout, table } = await loadIndex(file, indexPath, options);
  const actual = await scanFrames(file, layout, options);
  const record = firstDifference(table, actual);
  if (record < 0) return { kind, format: layout.format, table };
  const difference = `record ${record} has ${bytesOf(actual, record)}, but the index specifies ${bytesOf(table, record)}`;
  throw indexMismatch(difference, { uri: indexPath, record });
}

async function checkMX(
  file: StoredFile,
  indexPath: string,
  options: Partial<FrameScanOptions>,
): Promise<Checked> {
  const layout = layoutOf(file, options);
  if (layout.format !== 'recordio')
    throw indexMismatch(`the index is for a recordio file, but ${file.path} is ${layout.format}`, {
      uri: indexPath,
    });
  const actual = await scanFrames(file, layout, options);
  const offsets = await sortedOffsets(indexPath, options);
  let record = 0;
  let previous = -1;
  for (const offset of offsets) {
    if (offset === previous) continue;
    const expected = actual.start(record);
    if (offset < expected || record === actual.count)
      throw indexMismatch(`no record begins at byte ${offset}, where the index locates a record`, {
        uri: indexPath,
      });
    if (offset > expected)
      throw indexMismatch(`record ${record}, at byte ${expected}, has no key`, { uri: indexPath, record });
    previous = offset;
    record++;
  }
  if (record < actual.count)
    throw indexMismatch(`record ${record}, at byte ${actual.start(record)}, has no key`, {
      uri: indexPath,
      record,
    });
  await checkKeys(indexPath, actual.count, options);
  return { kind: 'mx', format: layout.format, table: actual };
}

/** Maximum number of repeated keys in an error message. */
const MAX_NAMED_KEYS = 3;

/**
 * Checks that repeated keys make no record unreachable.
 *
 * @throws RecordpipeError `index-mismatch` if repeated keys make some records unreachable
 */
async function checkKeys(indexPath: string, records: number, access: Access): Promise<void> {
  const { keys, offsets } = await keysOf(indexPath, access);
  if (keys.length === offsets.size) return;
  const unreachable = records - new Set(offsets.values()).size;
  if (unreachable === 0) return;
  const lines = new Map<MXKey, number>();
  for (const key of keys) lines.set(key, (lines.get(key) ?? 0) + 1);
  const repeated = [...lines].filter(([, count]) => count > 1);
  const named = repeated.slice(0, MAX_NAMED_KEYS).map(([key, count]) => `${key} (on ${count} lines)`);
  const more = repeated.length > named.length ? ` and ${repeated.length - named.length} more` : '';
  const word = repeated.length === 1 ? 'key' : 'keys';
  const text = `the index repeats ${word} ${named.join(', ')}${more}: ${unreachable} of ${records} records cannot be read by key, because MXNet reads only the last record of each key; rebuild the index (recordpipe index --kind mx --force), which numbers the keys from 0`;
  throw new RecordpipeError('index-mismatch', text, { uri: indexPath });
}

/** Returns the keys as integers, as MXNet reads them by default, or else as text. */
async function keysOf(indexPath: string, access: Access): Promise<MXKeys> {
  const index = await openSmallFile(indexPath, access);
  try {
    return readMXKeys(index, 'integer');
  } catch (error) {
    if (!isRecordpipeError(error, 'malformed-index')) throw error;
    return readMXKeys(index, 'text');
  } finally {
    await index.close();
  }
}

async function sortedOffsets(indexPath: string, access: Access): Promise<Float64Array> {
  const index = await openSmallFile(indexPath, access);
  try {
    const offsets: number[] = [];
    forEachMXLine(index, (_bytes, _from, _to, offset) => {
      offsets.push(offset);
    });
    return Float64Array.from(offsets).sort();
  } finally {
    await index.close();
  }
}

/**
 * Returns the number of the first frame that differs between two tables, or -1 if they are equal.
 */
function firstDifference(a: FrameTable, b: FrameTable): number {
  const both = Math.min(a.count, b.count);
  for (let i = 0; i < both; i++) if (a.frameBytes(i) !== b.frameBytes(i)) return i;
  return a.count === b.count ? -1 : both;
}

function bytesOf(table: FrameTable, record: number): string {
  return record < table.count ? `${table.frameBytes(record)} bytes` : 'none, because no such record exists';
}
