import { wantsKernel } from '../../bytes/kernel-memory.ts';
import { createKernel } from '../../crc32c/crc32c.ts';
import type { WasmKernel } from '../../crc32c/wasm-kernel.ts';
import { leaveBuffers, takeBuffers } from '../frame-buffers.ts';
import type { Framer } from '../record-format.ts';
import { encodeTFRecord, encodeTFRecordInto } from './encode.ts';
import { checkPayload, HEADER_BYTES, OVERHEAD_BYTES } from './layout.ts';

/** Below this, a kernel of its own costs a writer more memory than its buffers: frames are sealed by the shared kernel. */
const MIN_KERNEL_BYTES = 256 * 1024;

interface Buffers {
  readonly kind: string;
  readonly wasm: WasmKernel | undefined;
  readonly buffers: readonly Uint8Array[];
}

/** TFRecord: payloads are copied once, into kernel memory, and checksummed where they then lie. */
export class TFRecordFramer implements Framer {
  #memory: Buffers | undefined;
  #seal: ((at: number, length: number) => void) | undefined;

  frameBytes(payload: Uint8Array): number {
    checkPayload(payload);
    return payload.length + OVERHEAD_BYTES;
  }

  buffers(bytes: number, count: number): readonly Uint8Array[] {
    const own = bytes * count >= MIN_KERNEL_BYTES && wantsKernel();
    const kind = `tfrecord ${bytes} ${count} ${own}`;
    this.#memory = takeBuffers(kind, () => makeBuffers(kind, bytes, count, own));
    this.#seal = this.#memory.wasm?.exports.sealTFRecord;
    return this.#memory.buffers;
  }

  release(reusable: boolean): void {
    if (reusable && this.#memory !== undefined) leaveBuffers(this.#memory.kind, this.#memory);
    this.#memory = undefined;
    this.#seal = undefined;
  }

  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void {
    if (this.#seal === undefined) {
      encodeTFRecordInto(payload, buffer, at);
      return;
    }
    buffer.set(payload, at + HEADER_BYTES);
    this.#seal(buffer.byteOffset + at, payload.length);
  }

  encode(payload: Uint8Array): Uint8Array {
    return encodeTFRecord(payload);
  }
}

function makeBuffers(kind: string, bytes: number, count: number, own: boolean): Buffers {
  const wasm = own ? createKernel().wasm : undefined;
  const buffers = wasm?.buffers(bytes, count) ?? Array.from({ length: count }, () => new Uint8Array(bytes));
  return { kind, wasm, buffers };
}
