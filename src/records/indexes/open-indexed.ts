import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { locationOf } from '../../storage/inspect.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import type { FrameTable } from './frame-table.ts';
import { findIndex, frameReader, loadIndex } from './index-files.ts';
import type { IndexedRecords } from './indexed-records.ts';
import { type FrameScanOptions, layoutOf, type RecordLayout, SCAN_NAMES } from './layout-options.ts';
import { scanFrames } from './scan-frames.ts';
import { LOCAL_SPANS, type SpanReading } from './span-reader.ts';

/** How to open a file with its index. Every field has a default. */
export interface IndexedOptions extends Omit<FrameScanOptions, 'checksum'> {
  /**
   * Path of the index. Default: `FILE.rpidx`, or else an index of vahidk/tfrecord or DALI for
   * TFRecord, or an MXNet index for RecordIO, with the name `FILE.idx`, or with `.idx` or
   * `.tfindex` in place of the extension.
   */
  readonly indexPath: string | URL | undefined;
  /**
   * What to do if no index exists. `error` (default) fails. `memory` scans the file once and keeps
   * an index in memory.
   */
  readonly missing: 'error' | 'memory';
  /**
   * Whether reads of up to 256 KiB run on the calling thread. If true (default), a read takes 1 to
   * 20 microseconds from the page cache, or as long as the disk needs. If false, Node's I/O threads
   * read, which takes at least 10 to 20 microseconds, and records requested in the same event-loop
   * turn are read together.
   */
  readonly blocking: boolean;
  /**
   * Maximum number of bytes between two records that are read together. Default 2 KiB, or 32 KiB if
   * `blocking` is false: copying that many bytes takes as long as another read. For objects, the
   * default is 384 KiB: a connection transfers that many bytes in a few milliseconds, whereas a
   * request takes 15 to 30 ms.
   */
  readonly maxGapBytes: number;
}

/** The frames of a file, and how it is divided into records. */
export interface FoundFrames {
  readonly table: FrameTable;
  readonly layout: RecordLayout;
  /** Path of the index; undefined if the file was scanned. */
  readonly indexPath: string | undefined;
  /** Fingerprint of the data, if the index stores one. */
  readonly fingerprint?: number | undefined;
}

const { checksum: _checksum, ...OPENING_NAMES } = SCAN_NAMES;
const NAMES: OptionNames<IndexedOptions> = {
  ...OPENING_NAMES,
  indexPath: true,
  missing: true,
  blocking: true,
  maxGapBytes: true,
};

/**
 * Default gap of blocking reads. With 4 KiB, reading records of 1 KB with gaps of that size takes
 * twice as long as reading each record alone.
 */
const BLOCKING_GAP_BYTES = 2 * 1024;
const GAP_BYTES = 32 * 1024;

/**
 * Opens a file for reading records by number, using the index beside it (see `buildIndex`).
 *
 * Verifies the checksum of the index and the size and fingerprint of the data, and verifies each
 * record when it is read. The modification time is not compared, because a copy has a different
 * one. An index takes 0 to 4 bytes of memory per record.
 *
 * @throws RecordpipeError `not-found` if the file or its index does not exist; `malformed-index`;
 *   `index-mismatch` if the index does not match the data; `unsupported-source` for compressed
 *   files and pipes; errors in the data with `missing: 'memory'`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { openTFRecordWriter } from 'recordpipe/records/write';
 * import { buildIndex, openIndexed } from 'recordpipe/records/indexes';
 * const writer = await openTFRecordWriter('numbers.tfrecord');
 * for (let i = 0; i < 100; i++) await writer.write(Uint8Array.of(i));
 * await writer.close();
 * await buildIndex('numbers.tfrecord');
 * const numbers = await openIndexed('numbers.tfrecord');
 * console.log(numbers.length, await numbers.get(42)); // 100 Uint8Array(1) [ 42 ]
 * await numbers.close();
 * ```
 */
export async function openIndexed(
  path: string | URL,
  options: Partial<IndexedOptions> = {},
): Promise<IndexedRecords> {
  checkOptionNames('openIndexed', options, NAMES);
  const { missing = 'error', maxGapBytes = 0 } = options;
  if (missing !== 'error' && missing !== 'memory')
    throw new UsageError(`missing: expected one of error, memory, got ${String(missing)}`);
  if (!(maxGapBytes >= 0)) throw new UsageError(`maxGapBytes: expected a number >= 0, got ${maxGapBytes}`);
  const file = await openStoredFile(path, options);
  try {
    const { table, layout, indexPath } = await findFrames(file, options, missing);
    const { IndexedRecords } = await import('./indexed-records.ts');
    const frames = await frameReader(file, layout, table.count, options);
    const indexed = { file, table, layout, options };
    return new IndexedRecords(indexed, frames, indexPath, spanReading(file, options));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads the index of a file, or scans the file if it has none and `missing` is `memory`.
 * @param fingerprint see `loadIndex`
 * @throws the same errors as {@link openIndexed}
 */
export async function findFrames(
  file: StoredFile,
  options: Partial<IndexedOptions>,
  missing: 'error' | 'memory',
  fingerprint = true,
): Promise<FoundFrames> {
  const found =
    options.indexPath === undefined ? await findIndex(file, options) : locationOf(options.indexPath);
  if (found !== undefined) {
    const index = await loadIndex(file, found, options, fingerprint);
    const { table, layout, path: indexPath } = index;
    return { table, layout, indexPath, fingerprint: index.fingerprint };
  }
  // Detect the layout first, so that a compressed file, which cannot have an index, fails here.
  const layout = layoutOf(file, options);
  if (missing === 'error') {
    const text =
      "the file has no index; build an index (recordpipe index, buildIndex), or pass missing: 'memory'";
    throw new RecordpipeError('not-found', text, { uri: file.path });
  }
  return { table: await scanFrames(file, layout, options), layout, indexPath: undefined };
}

function spanReading({ remote }: StoredFile, options: Partial<IndexedOptions>): SpanReading {
  if (remote !== undefined) {
    const { maxGapBytes = remote.gapBytes } = options;
    return { blocking: false, maxGapBytes, maxSpanBytes: remote.spanBytes, lanes: remote.requests };
  }
  const { blocking = true } = options;
  const { maxGapBytes = blocking ? BLOCKING_GAP_BYTES : GAP_BYTES } = options;
  return { blocking, maxGapBytes, ...LOCAL_SPANS };
}
