import type { RecordpipeError } from '../errors.ts';
import { LocalFile } from './local/local-file.ts';
import type { ObjectOptions } from './object-options.ts';
import { addressOf, isRemote } from './registry.ts';

/** A run of bytes in a file. */
export interface Stretch {
  readonly position: number;
  readonly length: number;
}

/** A file or object, open for reading at any position. */
export interface StoredFile {
  /** Path or address. */
  readonly path: string;
  /** Its size and time of last change when it was opened. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly closed: boolean;
  /** Whether it still is as it was when it was opened. */
  readonly unchanged: boolean;
  /** How to read a file whose reads are requests; undefined if `readNow` can read any range at any time. */
  readonly remote: RemoteReading | undefined;
  /**
   * Reads `length` bytes from `position` into `target[at, …)`, on this thread. A remote file can read what
   * {@link prepare} was called with.
   * @throws RecordpipeError `source-changed` where the file has become shorter; `closed`, `io-failure`
   */
  readNow(target: Uint8Array, at: number, length: number, position: number): void;
  /** The same without blocking this thread. */
  read(target: Uint8Array, at: number, length: number, position: number): Promise<void>;
  /** Makes `readNow` able to read these stretches, until the next call. Undefined if it always is. */
  prepare(stretches: readonly Stretch[]): Promise<void> | undefined;
  /** The whole contents in order, read ahead. Only for remote files. */
  stream(signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
  /** Runs work of several reads; `close` waits for it. */
  use<T>(work: () => Promise<T>): Promise<T>;
  closedError(): RecordpipeError;
  /** Closes the file when the reads in progress have ended. Later reads fail. */
  close(): Promise<void>;
}

/** How to read a file whose reads are requests. */
export interface RemoteReading {
  /** Maximum concurrent requests. */
  readonly requests: number;
  /** Maximum bytes per request. */
  readonly spanBytes: number;
  /** Bytes between two records that are read with them rather than skipped by another request. */
  readonly gapBytes: number;
}

/** How a storage is accessed. */
export interface Access {
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a file or object for reading at any position.
 * @throws RecordpipeError `not-found`, `access-denied`, `unsupported-source` (not a regular file), `io-failure`; for
 * objects also `object-missing`, `retries-exhausted`, `aborted`
 */
export async function openStoredFile(
  given: string | URL,
  { objects, signal }: Access = {},
): Promise<StoredFile> {
  if (!isRemote(given)) return new LocalFile(given);
  // Imported when needed: start-up time counts.
  const { RemoteFile } = await import('./remote-file.ts');
  return RemoteFile.open(addressOf(given), objects, signal);
}

/**
 * Opens a small file, such as an index, so that `readNow` can read all of it.
 * @throws as {@link openStoredFile}
 */
export async function openSmallFile(path: string, access: Access = {}): Promise<StoredFile> {
  if (!isRemote(path)) return new LocalFile(path);
  const file = await openStoredFile(path, access);
  try {
    const bytes = new Uint8Array(file.size);
    if (file.size > 0) await file.read(bytes, 0, file.size, 0);
    const { MemoryFile } = await import('./remote-file.ts');
    return new MemoryFile(path, bytes);
  } finally {
    await file.close();
  }
}
