import { createKernel } from '../crc32c/kernel.ts';
import type { WasmKernel } from '../crc32c/wasm-kernel.ts';
import { UsageError } from '../errors.ts';
import { encodeTFRecord, encodeTFRecordInto } from '../framing/tfrecord-encode.ts';
import { HEADER_BYTES, MAX_RECORD_BYTES, OVERHEAD_BYTES } from '../framing/tfrecord-layout.ts';
import type { Framer } from './framer.ts';

/** TFRecord: payloads are copied once, into kernel memory, and checksummed where they then lie. */
export class TFRecordFramer implements Framer {
  readonly #wasm: WasmKernel | undefined = createKernel().wasm;
  readonly #seal: ((at: number, length: number) => void) | undefined = this.#wasm?.exports.sealTFRecord;

  frameBytes({ length }: Uint8Array): number {
    if (length > MAX_RECORD_BYTES)
      throw new UsageError(`write: a record has at most ${MAX_RECORD_BYTES} bytes, got ${length}`);
    return length + OVERHEAD_BYTES;
  }

  buffers(bytes: number, count: number): Uint8Array[] {
    return this.#wasm?.buffers(bytes, count) ?? Array.from({ length: count }, () => new Uint8Array(bytes));
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
