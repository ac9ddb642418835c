import type { ZlibOptions } from 'node:zlib';
import { type Compression, checkChoices, checkWhole } from '../../formats/codec-options.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';

/** How to write a file of any format. Every field has a default. */
export interface RecordWriteOptions {
  /**
   * Compression of the whole file. Default `none`; when appending to a file that is not empty, the
   * compression of that file. The same records and options produce the same bytes, because the gzip
   * header has no time stamp.
   */
  readonly compression: Compression;
  /** zlib level, from -1 to 9. Default -1, which is zlib's own default, 6. */
  readonly level: number;
  /** zlib memory level, from 1 to 9. Default 9, as in TensorFlow. */
  readonly memLevel: number;
  /** Base-2 logarithm of the size of zlib's window, from 9 to 15. Default 15. */
  readonly windowBits: number;
  /** zlib strategy (`zlib.constants.Z_…`), from 0 to 4. Default 0. */
  readonly strategy: number;
  /**
   * Whether records are added to the end of an existing file, in place. By default (false), the
   * writer creates a new file. A failure removes the added records, unless another process has
   * appended data in the meantime. A file that does not end with a whole record is rejected. A zlib
   * file is also rejected, because its readers stop after the first stream.
   */
  readonly append: boolean;
  /**
   * Whether the file appears under its name only when the writer is closed. If true (default), the
   * writer writes a temporary file beside it and then renames that file; until then, an existing
   * file remains unchanged. Appended files, devices and pipes are written in place.
   */
  readonly atomic: boolean;
  /**
   * Whether an existing file or object of this name is replaced. By default (false), an existing
   * file is an `already-exists` error, reported immediately, or on `close` if the file appears in
   * the meantime. For shards, this also applies to an existing set with the same prefix and a
   * different number of shards; if true, that set is removed after all new shards have their names.
   * Appending does not require `overwrite`.
   */
  readonly overwrite: boolean;
  /** Whether bytes are flushed to the device (fsync) before the file is closed. Default false. */
  readonly sync: boolean;
  /**
   * Whether full buffers are written on the calling thread, which then waits for the disk. By
   * default (false), Node's I/O threads write them. `true` is suitable for worker threads and
   * scripts: it is 1.2 to 1.6 times as fast if the payloads are not in a CPU cache. Ignored for
   * compressed files.
   */
  readonly blocking: boolean;
  /**
   * Size of a write buffer in bytes, from 4 KiB to 256 MiB. Default 1 MiB. A writer has three
   * buffers.
   */
  readonly bufferBytes: number;
  /**
   * How to access and upload objects if the output is an `s3://` address. Such an output is always
   * atomic and does not support appending. Shards are kept in temporary files until all of them are
   * finished. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`.
   */
  readonly objects: Partial<ObjectOptions> | undefined;
  /**
   * Signal that aborts the writer. Every later call then fails with `aborted`, and unfinished files
   * are removed.
   */
  readonly signal: AbortSignal | undefined;
}

/** Default options of all writers. */
export const DEFAULT_WRITE_OPTIONS: RecordWriteOptions = Object.freeze({
  compression: 'none',
  level: -1,
  memLevel: 9,
  windowBits: 15,
  strategy: 0,
  append: false,
  atomic: true,
  overwrite: false,
  sync: false,
  blocking: false,
  bufferBytes: 1024 * 1024,
  objects: undefined,
  signal: undefined,
});

const RANGES = {
  level: [-1, 9],
  memLevel: [1, 9],
  windowBits: [9, 15],
  strategy: [0, 4],
  bufferBytes: [4096, 256 * 1024 * 1024],
} as const;

/**
 * Completes the options with defaults and checks them.
 * @throws UsageError for an invalid value
 */
export function writeOptions(given: Partial<RecordWriteOptions> = {}): RecordWriteOptions {
  const defined = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: RecordWriteOptions = { ...DEFAULT_WRITE_OPTIONS, ...Object.fromEntries(defined) };
  checkChoices(options, { compression: ['none', 'gzip', 'zlib'] });
  for (const [name, [min, max]] of Object.entries(RANGES))
    checkWhole(name, options[name as keyof typeof RANGES], min, max);
  return options;
}

/** Returns the corresponding options of zlib. */
export function zlibOptions({ level, memLevel, windowBits, strategy }: RecordWriteOptions): ZlibOptions {
  return { level, memLevel, windowBits, strategy, chunkSize: 256 * 1024 };
}
