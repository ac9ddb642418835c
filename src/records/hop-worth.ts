/** As much is worth a request. One takes 15 to 30 ms, in which a connection of 85 MB/s brings 1 to 2 MB. */
const WORTH_BYTES = 1024 * 1024;
const HOPS_PER_LOOK = 16;

/**
 * Whether hopping from header to header of an object, a request each, is worth more than reading all of it. Hops wait for each other, while what is read whole
 * comes by several connections; but objects are many, and their hops go on side by side.
 */
export class HopWorth {
  #hops = 0;
  #bytes = 0;

  /**
   * Told of each hop. False where the first one, or the last ones on average, got less far than a request is worth.
   * @param bytes how far it got
   * @param at where it is now, in an object of `size` bytes
   */
  goesOn(bytes: number, at: number, size: number): boolean {
    if (at >= size) return true;
    const first = at === bytes;
    this.#hops++;
    this.#bytes += bytes;
    if (!first && this.#hops < HOPS_PER_LOOK) return true;
    const worth = this.#bytes >= WORTH_BYTES * this.#hops;
    this.#hops = 0;
    this.#bytes = 0;
    return worth;
  }
}
