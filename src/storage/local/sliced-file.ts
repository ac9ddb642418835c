import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { objectError } from '../errors.ts';
import type { ObjectInfo, ObjectRef } from '../storage.ts';
import { fileFailure, overwritten, tooShort } from './file-errors.ts';
import { infoOf, pathOf } from './list-files.ts';

/** So long no read from the page cache takes, of a slice of 64 KiB 15 microseconds. */
const SLOW_MS = 0.5;
/** So many slow ones, and the disk is waited for; one may be a thread that had to let another one run. */
const SLOW_READS = 3;
/** What one that is not slow takes off. */
const FORGIVEN = 1 / 16;

/** How fast files are read: out of memory, or from a disk, for which other threads should wait, many at once. */
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

/** What stays in the nearest cache between reading and writing, and fits into a pipe: 256 KiB take twice as long. */
export const SLICE_BYTES: number = 64 * 1024;
/** Places of a file that are looked at before it is read. */
const PROBES = 5;
/** Without waiting where it is no file. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * A file, read from its beginning to its end on the calling thread, slice by slice, all of them into the same memory: for files that are in the page cache, where a
 * turn through the host's threads takes longer than reading. Whether they are, {@link ReadPace} tells.
 *
 * Every slice is of the state in which the file was opened.
 */
export class SlicedFile {
  readonly info: ObjectInfo;
  readonly #descriptor: number;
  readonly #pace: ReadPace;
  readonly #into: Uint8Array;
  readonly #written: number;
  #at = 0;

  /**
   * @param into where slices are read to
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

  /** The next bytes, which are those of `into`; undefined at the end. @throws RecordpipeError `object-changed`, `io-failure` */
  next(): Uint8Array | undefined {
    const { uri, size } = this.info;
    const wanted = Math.min(this.#into.length, size - this.#at);
    if (wanted === 0) return undefined;
    const read = attempt(uri, () => this.#pace.timed(() => this.#read(wanted, this.#at)));
    if (read === 0) throw objectError(tooShort(this.#at, size), { uri });
    this.#at += read;
    // Of the state that it was opened in, not of what it is being overwritten with.
    const now = fstatSync(this.#descriptor);
    if (now.mtimeMs !== this.#written || now.size !== size) throw objectError(overwritten(), { uri });
    return this.#into.subarray(0, read);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** One byte each of some places: what is not in the page cache has to be waited for. */
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
