/** The smallest guess, as a share of a part: 64 KiB of 8 MiB. */
const MIN_SHARE = 1 / 128;
/** How much of what was seen is still believed with each object. */
const MEMORY = 0.95;

/**
 * How much of an object of unknown size is asked for first. A whole part would take its place in the window although most of it never comes, and a manifest
 * of thousands of small objects would come a few at a time. No more is asked for than is taken from the window, so that its bound stays exact; what an
 * object has beyond that is asked for when its size is known.
 */
export class SizeGuess {
  readonly #partBytes: number;
  #seen: number | undefined;

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  /** Bytes to ask for: twice as many as the largest of the last objects has, and all of a part before the first one. */
  get bytes(): number {
    if (this.#seen === undefined) return this.#partBytes;
    return Math.min(
      this.#partBytes,
      Math.max(Math.ceil(this.#partBytes * MIN_SHARE), 2 * Math.ceil(this.#seen)),
    );
  }

  /** An object has so many bytes. */
  note(size: number): void {
    this.#seen = Math.max(size, (this.#seen ?? 0) * MEMORY);
  }
}
