import type { Framer } from '../../formats/record-format.ts';

/** Buffers in turn: one is filled, one is being written, one waits so that the disk need not. */
const BUFFERS = 3;

/** A ring of buffers filled with frames. */
export class FrameRing {
  readonly bytes: number;
  readonly #framer: Framer;
  #buffers: readonly Uint8Array[];
  #turn = 0;
  #used = 0;
  /** Buffers handed out and not yet given back. */
  #out = 0;

  constructor(framer: Framer, bytes: number, count: number = BUFFERS) {
    this.bytes = bytes;
    this.#framer = framer;
    this.#buffers = framer.buffers(bytes, count);
  }

  /** Bytes filled in the current buffer. */
  get used(): number {
    return this.#used;
  }

  /** Whether there is a buffer to go on in when the current one is handed out. */
  get canHandOut(): boolean {
    return this.#out < this.#buffers.length - 1;
  }

  /** Whether such a frame fits into an empty buffer. */
  holds(frameBytes: number): boolean {
    return frameBytes <= this.bytes;
  }

  /** Whether such a frame fits into what is left of the current buffer. */
  fits(frameBytes: number): boolean {
    return this.#used + frameBytes <= this.bytes;
  }

  /** Appends one frame; it must fit. */
  append(payload: Uint8Array, frameBytes: number): void {
    this.#framer.frame(payload, this.#buffers[this.#turn], this.#used);
    // Only now: a payload that cannot be read leaves no gap between frames.
    this.#used += frameBytes;
  }

  /** What has been filled; it stays untouched until it is given back. The next buffer is the current one from now on. */
  handOut(): Uint8Array {
    const filled = this.#buffers[this.#turn].subarray(0, this.#used);
    this.#turn = (this.#turn + 1) % this.#buffers.length;
    this.#used = 0;
    this.#out++;
    return filled;
  }

  /** The buffer handed out longest ago is free again. */
  giveBack(): void {
    this.#out--;
  }

  /** Gives the memory up, and nothing more can be appended. @param reusable whether no write of it can be in progress */
  release(reusable: boolean): void {
    this.#buffers = [];
    this.#framer.release(reusable);
  }
}
