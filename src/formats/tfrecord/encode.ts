import { writeU32 } from '../../bytes/binary-data.ts';
import { wantsKernel } from '../../bytes/kernel-memory.ts';
import { crc32c, createKernel, maskCrc32c } from '../../crc32c/crc32c.ts';
import type { WasmKernel } from '../../crc32c/wasm-kernel.ts';
import { UsageError } from '../../errors.ts';
import { leaveBuffers, takeBuffers } from '../frame-buffers.ts';
import type { Framer } from '../record-format.ts';
import { checkPayload, FOOTER_BYTES, HEADER_BYTES, LENGTH_BYTES, OVERHEAD_BYTES } from './layout.ts';

/**
 * Returns the size of a TFRecord frame, which is 16 bytes larger than its payload.
 *
 * @example
 * ```ts
 * import { tfrecordFrameBytes } from 'recordpipe';
 * console.log(tfrecordFrameBytes(100)); // 116
 * ```
 */
export function tfrecordFrameBytes(payloadBytes: number): number {
  return payloadBytes + OVERHEAD_BYTES;
}

/**
 * Encodes one record as TFRecord: length, masked CRC-32C of the length, payload, masked CRC-32C of
 * the payload (the layout of TensorFlow's record writer). Returns new memory, which belongs to the
 * caller.
 *
 * @param payload 0 to 2^32 - 64 bytes
 * @throws UsageError for a larger payload, and for anything other than a Uint8Array
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * console.log(Buffer.from(encodeTFRecord(new Uint8Array(0))).toString('hex')); // 000000000000000029039807d8ea82a2
 * ```
 */
export function encodeTFRecord(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  checkBytes(payload, 'encodeTFRecord');
  const frame = new Uint8Array(payload.length + OVERHEAD_BYTES);
  encodeTFRecordInto(payload, frame, 0);
  return frame;
}

/**
 * Encodes one record as TFRecord into existing memory. Returns the index after the frame.
 *
 * @param payload 0 to 2^32 - 64 bytes; may overlap `target`
 * @throws UsageError, before anything is written, if `target` has fewer than `payload.length + 16`
 *   bytes after `at`, if `at` is not an integer >= 0, or if the payload is too large
 * @example
 * ```ts
 * import { encodeTFRecordInto, tfrecordFrameBytes } from 'recordpipe';
 * const payload = new Uint8Array(5);
 * const target = new Uint8Array(2 * tfrecordFrameBytes(5));
 * const end = encodeTFRecordInto(payload, target, encodeTFRecordInto(payload, target, 0));
 * console.log(end); // 42
 * ```
 */
export function encodeTFRecordInto(payload: Uint8Array, target: Uint8Array, at: number): number {
  checkBytes(payload, 'encodeTFRecordInto');
  const { length } = payload;
  const end = at + length + OVERHEAD_BYTES;
  if (!(at >= 0 && end <= target.length && Number.isInteger(at)) || length > 2 ** 32 - 64) {
    throw new UsageError(
      `encodeTFRecordInto: a record of ${length} bytes needs ${length + OVERHEAD_BYTES} bytes, but the target has ${target.length - at} after index ${at}`,
    );
  }
  // The payload is written first, because it may overlap the header in `target`.
  target.set(payload, at + HEADER_BYTES);
  const copied = target.subarray(at + HEADER_BYTES, end - FOOTER_BYTES);
  writeU32(target, end - FOOTER_BYTES, maskCrc32c(crc32c(copied)));
  writeU32(target, at, length);
  writeU32(target, at + 4, 0);
  writeU32(target, at + LENGTH_BYTES, maskCrc32c(crc32c(target.subarray(at, at + LENGTH_BYTES))));
  return end;
}

/**
 * Rejects anything other than a Uint8Array: strings and other typed arrays also have a length, and
 * would be written as different bytes.
 */
function checkBytes(payload: Uint8Array, caller: string): void {
  if (!(payload instanceof Uint8Array))
    throw new UsageError(`${caller}: expected bytes (Uint8Array), got ${typeof payload}`);
}

/**
 * Minimum size of a separate kernel's buffers. Below it, the kernel would take more memory than its
 * buffers, so the shared kernel is used.
 */
const MIN_KERNEL_BYTES = 256 * 1024;

interface Buffers {
  readonly kind: string;
  readonly wasm: WasmKernel | undefined;
  readonly buffers: readonly Uint8Array[];
}

/** Frames TFRecords. Each payload is copied once, into kernel memory, and checksummed in place. */
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
