import { createKernel } from '../crc32c/kernel.ts';
import { encodeTFRecordInto } from '../framing/tfrecord-encode.ts';
import { HEADER_BYTES, OVERHEAD_BYTES } from '../framing/tfrecord-layout.ts';

/** Buffers in turn: one is filled, one is being written, one waits so that the disk need not. */
const BUFFERS = 3;

/**
 * A ring of buffers filled with frames. They lie in kernel memory, so that a payload is copied once and checksummed where it
 * then lies.
 */
export class FrameRing {
  readonly bytes: number;
  readonly #buffers: readonly Uint8Array[];
  readonly #seal: ((at: number, length: number) => void) | undefined;
  #turn = 0;
  #used = 0;
  /** Buffers handed out and not yet given back. */
  #out = 0;

  constructor(bytes: number, count: number = BUFFERS) {
    this.bytes = bytes;
    const { wasm } = createKernel();
    this.#buffers = wasm?.buffers(bytes, count) ?? Array.from({ length: count }, () => new Uint8Array(bytes));
    this.#seal = wasm?.exports.sealTFRecord;
  }

  /** Bytes filled in the current buffer. */
  get used(): number {
    return this.#used;
  }

  /** Whether there is a buffer to go on in when the current one is handed out. */
  get canHandOut(): boolean {
    return this.#out < this.#buffers.length - 1;
  }

  /** Whether a frame with such a payload fits into an empty buffer. */
  holds(payloadBytes: number): boolean {
    return payloadBytes + OVERHEAD_BYTES <= this.bytes;
  }

  /** Whether a frame with such a payload fits into what is left of the current buffer. */
  fits(payloadBytes: number): boolean {
    return this.#used + payloadBytes + OVERHEAD_BYTES <= this.bytes;
  }

  /** Appends one frame; it must fit. */
  append(payload: Uint8Array): void {
    const buffer = this.#buffers[this.#turn];
    const at = this.#used;
    this.#used = at + payload.length + OVERHEAD_BYTES;
    if (this.#seal === undefined) {
      encodeTFRecordInto(payload, buffer, at);
      return;
    }
    buffer.set(payload, at + HEADER_BYTES);
    this.#seal(buffer.byteOffset + at, payload.length);
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
}
