import { compileModule, type KernelExports, KernelMemory } from '../bytes/kernel-memory.ts';
import { wasmModule } from './wasm-module.generated.ts';

/**
 * Exports of the WebAssembly module; see native/README.md. Addresses and lengths are in bytes of
 * kernel memory.
 */
export interface WasmExports extends KernelExports {
  crc32c(at: number, length: number, seed: number): number;
  /**
   * Starts the checksum of a long message, which is computed by one Start, any number of Parts
   * (each a multiple of 256 bytes), and one End.
   */
  crc32cStart(seed: number): void;
  crc32cPart(at: number, length: number): void;
  crc32cEnd(at: number, length: number): number;
  scanTFRecords(
    start: number,
    end: number,
    index: number,
    capacity: number,
    maxBytes: number,
    mode: number,
  ): number;
  findTFRecordHeader(start: number, end: number, maxBytes: number): number;
  sealTFRecord(frame: number, length: number): void;
}

/**
 * Size below which messages are copied as a whole. The source, the staging buffer and the kernel's
 * tables then fit in the L1 cache.
 */
const STAGE_BYTES = 20 * 1024;
/** Size of the last part of a longer message, as required by the kernel. */
const LAST_PART_BYTES = 5632;
/**
 * Size of the other parts. Small parts leave more of the source in the cache; large parts save
 * calls.
 */
const PART_BYTES = 8 * 1024;
const LARGE_PART_BYTES = 14 * 1024;
const LARGE_BYTES = 128 * 1024;

let compiled: WebAssembly.Module | undefined;

/**
 * Creates a kernel instance with its own memory.
 * @throws WebAssembly.CompileError (or EvalError under a Content-Security-Policy) without
 *   WebAssembly SIMD
 */
export function createWasmKernel(): WasmKernel {
  compiled ??= compileModule(wasmModule);
  return new WasmKernel(new WebAssembly.Instance(compiled).exports as unknown as WasmExports);
}

/** The kernel's exports and the part of its memory that belongs to the host. */
export class WasmKernel extends KernelMemory {
  readonly exports: WasmExports;
  readonly #stage: number;

  constructor(exports: WasmExports) {
    super(exports);
    this.exports = exports;
    this.#stage = this.allocate(STAGE_BYTES);
  }

  /**
   * Returns the CRC-32C of `bytes`. Bytes in kernel memory are read in place, and others are copied
   * to a staging buffer.
   * @param seed CRC-32C of the preceding bytes
   */
  crc32c(bytes: Uint8Array, seed = 0): number {
    const { length } = bytes;
    // Accessing `buffer` takes 22 ns, which is more than copying up to several thousand bytes.
    if (length >= STAGE_BYTES) return this.#crc32cOfMany(bytes, seed);
    this.heap().set(bytes, this.#stage);
    return this.exports.crc32c(this.#stage, length, seed) >>> 0;
  }

  #crc32cOfMany(bytes: Uint8Array, seed: number): number {
    const { buffer, byteOffset, length } = bytes;
    const heap = this.heap();
    const stage = this.#stage;
    if (buffer === heap.buffer) return this.exports.crc32c(byteOffset, length, seed) >>> 0;
    const part = length < LARGE_BYTES ? PART_BYTES : LARGE_PART_BYTES;
    let at = 0;
    this.exports.crc32cStart(seed);
    for (; length - at >= part + LAST_PART_BYTES; at += part) {
      heap.set(new Uint8Array(buffer, byteOffset + at, part), stage);
      this.exports.crc32cPart(stage, part);
    }
    heap.set(new Uint8Array(buffer, byteOffset + at, length - at), stage);
    return this.exports.crc32cEnd(stage, length - at) >>> 0;
  }
}
