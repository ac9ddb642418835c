/** Small frames share memory: half the time of memory for each. What is kept of one keeps these many bytes alive. */
const SLAB_BYTES = 16 * 1024;
const SMALL_BYTES = 2 * 1024;

/** Hands out memory that is never handed out again. */
export class Slabs {
  /** Where the memory taken last lies. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  #free = 0;
  #slab: Uint8Array = new Uint8Array(0);

  /** Takes `length` bytes: `bytes[at, at + length)`. */
  take(length: number): void {
    if (length > SMALL_BYTES) {
      this.bytes = fresh(length);
      this.at = 0;
      return;
    }
    if (this.#free + length > this.#slab.length) {
      this.#slab = fresh(SLAB_BYTES);
      this.#free = 0;
    }
    this.bytes = this.#slab;
    this.at = this.#free;
    this.#free += length;
  }
}

/** Memory of its own, not set to zeros: it is read into at once. */
export function fresh(length: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, 0, length);
}
