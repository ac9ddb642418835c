import { wasmModule } from './wasm-module.generated.ts';

/** What the WebAssembly module exports; see native/README.md. Addresses and lengths are bytes in kernel memory. */
export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  readonly heapBase: WebAssembly.Global;
  readonly scanState: WebAssembly.Global;
  crc32c(at: number, length: number, seed: number): number;
  /** A long message in parts: Start, Part (a multiple of 256 bytes) as often as need be, End. */
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

const PAGE_BYTES = 65536;
/** Messages below this size are staged whole: source, stage and the kernel's scratch still fit the first-level cache. */
const STAGE_BYTES = 20 * 1024;
/** Longer ones come in parts, of which the kernel wants the last one to have this much. */
const LAST_PART_BYTES = 5632;
/** Size of the others: small ones leave more of a source that just fits the cache in it, large ones save calls. */
const PART_BYTES = 8 * 1024;
const LARGE_PART_BYTES = 14 * 1024;
const LARGE_BYTES = 128 * 1024;

let compiled: WebAssembly.Module | undefined;

/**
 * One instance of the kernel with a memory of its own.
 * @throws WebAssembly.CompileError (or EvalError under a Content-Security-Policy) where WebAssembly SIMD is not to be had
 */
export function createWasmKernel(): WasmKernel {
  compiled ??= new WebAssembly.Module(decodeHex(wasmModule));
  return new WasmKernel(new WebAssembly.Instance(compiled).exports as unknown as WasmExports);
}

/** The kernel's exports and the part of its memory that belongs to the host. */
export class WasmKernel {
  readonly exports: WasmExports;
  readonly memory: WebAssembly.Memory;
  readonly #stage: number;
  #free: number;
  #heap: Uint8Array;
  #state: Uint32Array;

  constructor(exports: WasmExports) {
    this.exports = exports;
    this.memory = exports.memory;
    this.#free = exports.heapBase.value;
    this.#heap = new Uint8Array(this.memory.buffer);
    this.#state = new Uint32Array(this.memory.buffer, exports.scanState.value, 6);
    this.#stage = this.allocate(STAGE_BYTES);
  }

  /** CRC-32C of `bytes`, going on from `seed`. Bytes in kernel memory are read in place, others through a stage. */
  crc32c(bytes: Uint8Array, seed = 0): number {
    const { length } = bytes;
    // Asking for `buffer` costs 22 ns: more than copying up to some thousands of bytes.
    if (length >= STAGE_BYTES) return this.#crc32cOfMany(bytes, seed);
    this.#heap.set(bytes, this.#stage);
    return this.exports.crc32c(this.#stage, length, seed) >>> 0;
  }

  #crc32cOfMany(bytes: Uint8Array, seed: number): number {
    const { buffer, byteOffset, length } = bytes;
    const heap = this.#heap;
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

  /**
   * Takes `bytes` bytes of kernel memory for good; the address, aligned to a page of the processor's (files are read into such memory 3 % faster).
   * Views of the memory become invalid.
   */
  allocate(bytes: number): number {
    const at = Math.ceil(this.#free / 4096) * 4096;
    this.#grow(at + bytes);
    this.#free = at + bytes;
    return at;
  }

  /** `count` buffers of kernel memory, `bytes` long each. Later growth of the memory would make them invalid: take all at once. */
  buffers(bytes: number, count: number): Uint8Array[] {
    const addresses = Array.from({ length: count }, () => this.allocate(bytes));
    return addresses.map((at) => new Uint8Array(this.memory.buffer, at, bytes));
  }

  /** All of kernel memory. */
  heap(): Uint8Array {
    return this.#heap;
  }

  /** What the last scan left behind: six words. */
  state(): Uint32Array {
    return this.#state;
  }

  /** The one place where memory grows. Some slack behind the end lets the kernel read whole vectors. */
  #grow(end: number): void {
    const missing = end + 256 - this.memory.buffer.byteLength;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#heap = new Uint8Array(this.memory.buffer);
    this.#state = new Uint32Array(this.memory.buffer, this.exports.scanState.value, 6);
  }
}

function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (digit(text, 2 * i) << 4) | digit(text, 2 * i + 1);
  return bytes;
}

/** Value of a digit 0-9 or a-f. */
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code & 15) + (code >> 6) * 9;
}
