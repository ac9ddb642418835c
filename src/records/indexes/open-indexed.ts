import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { locationOf } from '../../storage/inspect.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import { findIndex, frameReader, loadIndex } from './index-files.ts';
import type { IndexedRecords } from './indexed-records.ts';
import type { FrameScanOptions } from './layout-options.ts';
import { type LayoutOptions, layoutOf, SCAN_NAMES } from './layout-options.ts';
import { scanFrames } from './scan-frames.ts';
import { LOCAL_SPANS, type SpanReading } from './span-reader.ts';

/** How a file is opened by its index. Every field has a default; pass what differs. */
export interface IndexedOptions extends LayoutOptions, Omit<FrameScanOptions, 'checksum'> {
  /**
   * The index. Default: `FILE.rpidx`; else, of TFRecords vahidk's or DALI's, of RecordIO MXNet's: `FILE.idx`, or `.idx` or `.tfindex` in place of the
   * extension.
   */
  readonly indexPath: string | URL | undefined;
  /** What happens where there is no index. Default `error`; `memory`: the file is scanned once and the index kept in memory. */
  readonly missing: 'error' | 'memory';
  /**
   * Default true: up to 256 KiB at a time are read on the calling thread, which takes 1 to 20 microseconds where the page cache has them and as long as
   * the disk takes where not. False: the host's threads read, 10 to 20 microseconds per read at least; records asked for in the same turn are read together.
   */
  readonly blocking: boolean;
  /**
   * The most bytes between two records that are read together. Default 2 KiB, or 32 KiB where not `blocking`: as many as are copied in the time of a read; of
   * an object 384 KiB, a few milliseconds of a connection, where a request takes 15 to 30.
   */
  readonly maxGapBytes: number;
}

const { checksum: _checksum, ...OPENING_NAMES } = SCAN_NAMES;
const NAMES: OptionNames<IndexedOptions> = {
  ...OPENING_NAMES,
  indexPath: true,
  missing: true,
  blocking: true,
  maxGapBytes: true,
};

/** At 4 KiB, getting records of 1 KB with gaps of that size takes twice as long as one by one. */
const BLOCKING_GAP_BYTES = 2 * 1024;
const GAP_BYTES = 32 * 1024;

/**
 * Opens a file for getting its records by number, by the index beside it (see `buildIndex`).
 *
 * An index is not believed: its checksum is verified, the data's size and fingerprint are compared with what it says (the time of last change is not: copies
 * have another), and every record is checked when it is got. An index in memory takes 0 to 4 bytes per record.
 *
 * @throws RecordpipeError `not-found` where there is no file, or no index; `malformed-index`; `index-mismatch` where the index does not fit; `unsupported-source`
 * for compressed files and pipes; with `missing: 'memory'` what is wrong with the data
 * @throws UsageError for a value that no option has
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
  if (!(maxGapBytes >= 0)) throw new UsageError(`maxGapBytes: expected a number from 0, got ${maxGapBytes}`);
  const file = await openStoredFile(path, options);
  try {
    const { table, layout, indexPath } = await findFrames(file, options, missing);
    const { IndexedRecords } = await import('./indexed-records.ts');
    const frames = await frameReader(file, layout, table.count, options);
    return new IndexedRecords(
      { file, table, layout, options },
      frames,
      indexPath,
      spanReading(file, options),
    );
  } catch (error) {
    await file.close();
    throw error;
  }
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

async function findFrames(file: StoredFile, options: Partial<IndexedOptions>, missing: 'error' | 'memory') {
  const found =
    options.indexPath === undefined ? await findIndex(file, options) : locationOf(options.indexPath);
  if (found !== undefined) {
    const { table, layout, path } = await loadIndex(file, found, options);
    return { table, layout, indexPath: path };
  }
  if (missing === 'error') {
    // A compressed file cannot have an index: then that is the error.
    layoutOf(file, options);
    const text = "the file has no index; build one (recordpipe index, buildIndex), or pass missing: 'memory'";
    throw new RecordpipeError('not-found', text, { uri: file.path });
  }
  const layout = layoutOf(file, options);
  return { table: await scanFrames(file, layout, options), layout, indexPath: undefined };
}
