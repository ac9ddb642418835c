import { createKernel } from '../crc32c/kernel.ts';
import { encodeTFRecordInto } from '../framing/tfrecord-encode.ts';
import { HEADER_BYTES, OVERHEAD_BYTES } from '../framing/tfrecord-layout.ts';

/**
 * Two buffers that take turns: one is filled with frames while the other is being written. They lie in kernel memory, so that a
 * payload is copied once and checksummed where it then lies.
 */
export class FrameBuffers {
  readonly bytes: number;
  readonly #buffers: readonly Uint8Array[];
  readonly #seal: ((at: number, length: number) => void) | undefined;
  #turn = 0;
  #used = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
    const { wasm } = createKernel();
    this.#buffers = wasm?.buffers(bytes, 2) ?? [new Uint8Array(bytes), new Uint8Array(bytes)];
    this.#seal = wasm?.exports.sealTFRecord;
  }

  /** Bytes filled in the current buffer. */
  get used(): number {
    return this.#used;
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

  /** What has been filled; the other buffer is the current one from now on. */
  swap(): Uint8Array {
    const filled = this.#buffers[this.#turn].subarray(0, this.#used);
    this.#turn = 1 - this.#turn;
    this.#used = 0;
    return filled;
  }
}
