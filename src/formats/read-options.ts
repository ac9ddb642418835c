import type { RecordpipeError } from '../errors.ts';
import { UsageError } from '../errors.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { checkStart, type ReadStart } from './record-format.ts';

/** How a stream of records is compressed as a whole. */
export type Compression = 'none' | 'gzip' | 'zlib';

/** How records of any format are read. Every field has a default; pass what differs. */
export interface ReadOptions {
  /**
   * Compression of the whole stream. Default `auto`: a good beginning of the format means none; else the gzip or zlib magic decides.
   * Several gzip members or zlib streams one after the other are read as one.
   */
  readonly compression: Compression | 'auto';
  /** Largest payload in bytes; a longer one is an error before anything is allocated. Default 2^31 - 1 (protobuf's limit), at most 2^32 - 64. */
  readonly maxRecordBytes: number;
  /**
   * What a header cut short at the end of the stream, or a gzip trailer that is not whole, is. Default `error`; `stop` ends the stream quietly, as
   * TensorFlow does. A payload cut short is always an error.
   */
  readonly onTruncated: 'error' | 'stop';
  /**
   * What bytes after the last record are. Default `error`; `zeros-ok` accepts zero bytes up to the end (preallocated files, tapes);
   * `ignore` ends the stream at the first bad header behind a good record.
   */
  readonly trailing: 'error' | 'zeros-ok' | 'ignore';
  /** How many corrupted places are passed over in the whole stream before one is an error. Default: no limit of its own. */
  readonly maxCorruptedTotal: number;
  /** Told of every corrupted place that is passed over. Default: nobody. */
  readonly onCorrupt: ((error: RecordpipeError) => void) | undefined;
  /**
   * Default `none`. `scan` looks for the next good record behind damage. TFRecord: bytes are passed over until 12 of them are a header with a good
   * checksum whose payload's checksum is good as well; corrupted records are then passed over without `maxCorruptedRecordsToSkip`.
   */
  readonly recover: 'none' | 'scan';
  /**
   * Default undefined: strict. `tf` reads as TensorFlow does: `onTruncated: 'stop'`, also where a compressed stream is cut in its middle, and
   * only the first of several zlib streams.
   */
  readonly compat: 'tf' | undefined;
  /** Whether zlib streams behind the first are read. Default true. */
  readonly zlibConcat: boolean;
  /**
   * Default false: a record stays valid as long as you keep it, and keeps the chunk that it lies in (`chunkBytes`) in memory. `true`: a record
   * or batch is valid only until you ask for the next one; buffers are reused and nothing is allocated per chunk.
   */
  readonly reuse: boolean;
  /**
   * Default false: records are views. `true`: each record is an array of its own, of the right size, which shares memory with no other
   * record; for records that you keep, transfer to another thread, or change.
   */
  readonly copy: boolean;
  /**
   * Where reading begins. Default: at the beginning of the source. Pass the error that ended an earlier reading, or a position that you
   * stored, to resume at the first record that was not delivered. Regular files, objects, bytes and Blobs that are not compressed are
   * read from there; other sources are read from their beginning, and what lies before is dropped.
   */
  readonly start: ReadStart | undefined;
  /**
   * Bytes read at a time from a path or descriptor. Default 1 MiB; scans and readers with `reuse`, whose buffers take turns: 2 MiB, or 512 KiB where
   * they are `blocking`.
   */
  readonly chunkBytes: number;
  /**
   * Default false: files are read ahead on the host's I/O threads. `true`: each chunk is read on the calling thread when it is needed, which costs no
   * second core; for worker threads and command lines. Other work of the thread waits for one read at a time, and gets its turn every 20 ms.
   */
  readonly blocking: boolean;
  /** Name of the source for errors. Default: the path or URL where there is one. */
  readonly uri: string | undefined;
  /** How `s3://` addresses are reached and read. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Ends the reading with an `aborted` error and closes the source. */
  readonly signal: AbortSignal | undefined;
}

export const DEFAULT_READ_OPTIONS: ReadOptions = Object.freeze({
  compression: 'auto',
  maxRecordBytes: 2 ** 31 - 1,
  onTruncated: 'error',
  trailing: 'error',
  maxCorruptedTotal: Number.POSITIVE_INFINITY,
  onCorrupt: undefined,
  recover: 'none',
  compat: undefined,
  zlibConcat: true,
  reuse: false,
  copy: false,
  start: undefined,
  chunkBytes: 1024 * 1024,
  blocking: false,
  uri: undefined,
  objects: undefined,
  signal: undefined,
});

/** The largest payload that a limit may allow: a frame must fit into 32 bits of address. */
export const MAX_RECORD_BYTES: number = 2 ** 32 - 64;

/** For each option that is one of a few values: which. */
export type Choices = Readonly<Record<string, readonly unknown[]>>;

const CHOICES: Choices = {
  compression: ['auto', 'none', 'gzip', 'zlib'],
  onTruncated: ['error', 'stop'],
  trailing: ['error', 'zeros-ok', 'ignore'],
  recover: ['none', 'scan'],
  compat: [undefined, 'tf'],
  reuse: [false, true],
  copy: [false, true],
  blocking: [false, true],
  zlibConcat: [false, true],
};

/** Larger chunks mean fewer turns of the event loop: 10 KB records scanned at 5.2 GB/s, 4.8 with 1 MiB, 4.4 with 768 KiB. */
const AHEAD_CHUNK_BYTES = 2 * 1024 * 1024;
/** Small enough to be still in this core's cache when it is checked: on one core 6.0 GB/s for 10 KB records, 4.5 with 1 MiB read ahead. */
const BLOCKING_CHUNK_BYTES = 512 * 1024;

/** The default of `chunkBytes` where buffers are used again. */
export function reusedChunkBytes(blocking: boolean | undefined): number {
  return blocking ? BLOCKING_CHUNK_BYTES : AHEAD_CHUNK_BYTES;
}

/**
 * The complete options of a format, what all formats have in common checked.
 * @param defaults the format's complete options
 * @param choices of the format's own options
 * @throws UsageError for a value that no option has
 */
export function completeOptions<O extends ReadOptions>(
  defaults: O,
  given: Partial<O> | undefined,
  choices: Choices,
): O {
  if (given === undefined) return defaults;
  const options: O = { ...defaults, ...withoutUndefined(given) };
  for (const [name, allowed] of Object.entries({ ...CHOICES, ...choices })) {
    const value = options[name as keyof O];
    if (!allowed.includes(value)) {
      throw new UsageError(
        `${name}: expected one of ${allowed.map((choice) => String(choice)).join(', ')}, got ${String(value)}`,
      );
    }
  }
  checkWhole('maxRecordBytes', options.maxRecordBytes, 0, MAX_RECORD_BYTES);
  checkWhole('chunkBytes', options.chunkBytes, 1, 2 ** 30);
  checkStart(options.start);
  checkWhole('maxCorruptedTotal', options.maxCorruptedTotal, 0, Number.POSITIVE_INFINITY);
  return options.compat === 'tf' ? { ...options, onTruncated: 'stop', zlibConcat: false } : options;
}

/** @throws UsageError unless `value` is a whole number from `least` to `most`, or `most` itself */
export function checkWhole(name: string, value: number, least: number, most: number): void {
  const whole = Number.isInteger(value) || value === most;
  if (!whole || value < least || value > most) {
    throw new UsageError(`${name}: expected an integer from ${least} to ${most}, got ${value}`);
  }
}

function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
