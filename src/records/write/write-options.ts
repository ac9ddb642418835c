import type { ZlibOptions } from 'node:zlib';
import { UsageError } from '../../errors.ts';
import type { Compression } from '../../formats/codec-options.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';

/** How a file of any format is written. Every field has a default; pass what differs. */
export interface RecordWriteOptions {
  /**
   * Compression of the whole file. Default `none`; appending to a file that is not empty, default: as that file is. The output is the same
   * bytes for the same records and options (no time stamp in the gzip header).
   */
  readonly compression: Compression;
  /** zlib level, -1 (default: zlib's own, 6) to 9. */
  readonly level: number;
  /** zlib memory level, 1 to 9. Default 9, as TensorFlow. */
  readonly memLevel: number;
  /** log2 of zlib's window, 9 to 15. Default 15. */
  readonly windowBits: number;
  /** zlib's strategy (`zlib.constants.Z_…`), 0 to 4. Default 0. */
  readonly strategy: number;
  /**
   * Default false: the file is made anew. `true`: records go behind those of an existing file, in place; a failure takes them back, as far as nobody
   * else has appended meanwhile. A file that does not end with a whole record is refused, and so is zlib: its readers stop at the first stream.
   */
  readonly append: boolean;
  /**
   * Default true: the file appears under its name only when it is closed whole (temporary file beside it, then rename); until then an
   * older file stays as it is. Appending, and devices, pipes and the like, are written in place.
   */
  readonly atomic: boolean;
  /**
   * Whether an existing file or object of this name is replaced. Default false: it is an `already-exists` error, at once, or, where
   * the file appears meanwhile, when the writer is closed. Of shards, a set of the same prefix and another number counts as well;
   * with `true` it is removed after all new shards have their names. Appending needs no `overwrite`.
   */
  readonly overwrite: boolean;
  /** Whether bytes are forced to the device (fsync) before the file is closed. Default false. */
  readonly sync: boolean;
  /**
   * Default false: full buffers are written by the host's I/O threads. `true`: they are written on the calling thread, which then waits for the
   * disk: for worker threads and scripts; 1.2 to 1.6 times as fast where the payloads are not in a cache. Compressed files are not affected.
   */
  readonly blocking: boolean;
  /** Bytes gathered before a write, 4 KiB to 256 MiB; three times as many are held. Default 1 MiB. */
  readonly bufferBytes: number;
  /**
   * How objects are reached and sent where the output is an `s3://` address. Such an output is always atomic, and cannot be appended to; of several shards, each is
   * kept in a temporary file until all are finished. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`.
   */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Makes every further call fail with `aborted`, and removes what is not yet closed. */
  readonly signal: AbortSignal | undefined;
}

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
 * The complete options, checked.
 * @throws UsageError for a value that an option cannot have
 */
export function writeOptions(given: Partial<RecordWriteOptions> = {}): RecordWriteOptions {
  const defined = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: RecordWriteOptions = { ...DEFAULT_WRITE_OPTIONS, ...Object.fromEntries(defined) };
  if (!['none', 'gzip', 'zlib'].includes(options.compression)) {
    throw new UsageError(`compression: expected none, gzip or zlib, got ${String(options.compression)}`);
  }
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new UsageError(`${name}: expected an integer from ${least} to ${most}, got ${value}`);
    }
  }
  return options;
}

/** What zlib is told. */
export function zlibOptions({ level, memLevel, windowBits, strategy }: RecordWriteOptions): ZlibOptions {
  return { level, memLevel, windowBits, strategy, chunkSize: 256 * 1024 };
}
