import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { objectError } from '../errors.ts';
import type { ObjectInfo, ObjectRef } from '../storage.ts';
import { fileFailure, overwritten, tooShort } from './file-errors.ts';
import { infoOf, pathOf } from './list-files.ts';

/**
 * Duration of a slow read. It exceeds that of any read from the page cache: a slice of 64 KiB takes
 * 15 microseconds.
 */
const SLOW_MS = 0.5;
/**
 * Number of slow reads after which the file is assumed to be on disk. A single slow read may be
 * caused by a preempted thread.
 */
const SLOW_READS = 3;
/** Amount by which a fast read reduces the count of slow reads. */
const FORGIVEN = 1 / 16;

/**
 * Measures whether files are read from memory or from a disk. Disk reads should run concurrently on
 * other threads.
 */
export class ReadPace {
  #slow = 0;

  get slow(): boolean {
    return this.#slow > SLOW_READS - 1;
  }

  timed<R>(work: () => R): R {
    const start = performance.now();
    const result = work();
    this.#slow = performance.now() - start > SLOW_MS ? this.#slow + 1 : Math.max(0, this.#slow - FORGIVEN);
    return result;
  }
}

/**
 * Size of a slice. It stays in the L1 or L2 cache between reading and writing, and fits in a pipe;
 * 256 KiB slices take twice as long.
 */
export const SLICE_BYTES: number = 64 * 1024;
/** Number of positions in a file that are probed before it is read. */
const PROBES = 5;
/** Flags that prevent opening from waiting for anything other than a regular file. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a file from beginning to end on the calling thread, slice by slice, into the same memory.
 * Intended for files in the page cache, for which switching to another thread takes longer than
 * reading. {@link ReadPace} measures whether they are in the cache.
 *
 * Every slice belongs to the version of the file that was opened.
 */
export class SlicedFile {
  readonly info: ObjectInfo;
  readonly #descriptor: number;
  readonly #pace: ReadPace;
  readonly #into: Uint8Array;
  readonly #written: number;
  #at = 0;

  /**
   * @param into memory for slices
   * @throws RecordpipeError `object-missing`, `access-denied`, `io-failure`
   */
  constructor({ uri }: ObjectRef, into: Uint8Array, pace: ReadPace) {
    this.#into = into;
    this.#pace = pace;
    this.#descriptor = attempt(uri, () => pace.timed(() => openSync(pathOf(uri), FLAGS)));
    try {
      this.info = attempt(uri, () => infoOf(uri, fstatSync(this.#descriptor, { bigint: true })));
      this.#written = attempt(uri, () => fstatSync(this.#descriptor).mtimeMs);
      if (this.info.size > into.length) this.#probe();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Reads the next bytes into `into`. Returns undefined at the end.
   * @throws RecordpipeError `object-changed`, `io-failure`
   */
  next(): Uint8Array | undefined {
    const { uri, size } = this.info;
    const wanted = Math.min(this.#into.length, size - this.#at);
    if (wanted === 0) return undefined;
    const read = attempt(uri, () => this.#pace.timed(() => this.#read(wanted, this.#at)));
    if (read === 0) throw objectError(tooShort(this.#at, size), { uri });
    this.#at += read;
    // The bytes must belong to the version that was opened, not to data that overwrote it.
    const now = fstatSync(this.#descriptor);
    if (now.mtimeMs !== this.#written || now.size !== size) throw objectError(overwritten(), { uri });
    return this.#into.subarray(0, read);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Reads one byte at several positions. A position that is not in the page cache is slow. */
  #probe(): void {
    const { uri, size } = this.info;
    const step = Math.floor((size - 1) / (PROBES - 1));
    for (let k = 0; k < PROBES; k++)
      attempt(uri, () => this.#pace.timed(() => this.#read(1, Math.min(size - 1, k * step))));
  }

  #read(length: number, at: number): number {
    return readSync(this.#descriptor, this.#into, 0, length, at);
  }
}

function attempt<R>(uri: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    throw objectError(fileFailure(error, uri), { uri });
  }
}
