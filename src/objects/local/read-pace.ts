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
