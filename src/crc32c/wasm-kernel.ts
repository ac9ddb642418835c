import { compileModule, type KernelExports, KernelMemory } from '../bytes/kernel-memory.ts';
import { wasmModule } from './wasm-module.generated.ts';

/**
 * The exports of the WebAssembly module; see native/README.md. Addresses and lengths are bytes in
 * kernel memory.
 */
export interface WasmExports extends KernelExports {
  crc32c(at: number, length: number, seed: number): number;
  /**
   * A long message in parts: one Start, any number of Parts (each a multiple of 256 bytes), one
   * End.
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
 * Smaller messages are copied as a whole: source, stage and kernel tables fit into the first-level
 * cache.
 */
const STAGE_BYTES = 20 * 1024;
/** Size of the last part of a longer message, as the kernel needs it. */
const LAST_PART_BYTES = 5632;
/**
 * Size of the other parts. Small ones leave more of the source in the cache, large ones save calls.
 */
const PART_BYTES = 8 * 1024;
const LARGE_PART_BYTES = 14 * 1024;
const LARGE_BYTES = 128 * 1024;

let compiled: WebAssembly.Module | undefined;

/**
 * A kernel instance with its own memory.
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
   * CRC-32C of `bytes`. Bytes in kernel memory are read in place, others are copied to a stage.
   * @param seed the CRC-32C of the preceding bytes
   */
  crc32c(bytes: Uint8Array, seed = 0): number {
    const { length } = bytes;
    // Asking for `buffer` costs 22 ns: more than copying up to some thousands of bytes.
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
