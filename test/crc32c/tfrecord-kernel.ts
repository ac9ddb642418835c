// The bare WebAssembly module, with test memory after its own memory.
import { wasmModule } from '../../src/crc32c/wasm-module.generated.ts';

export interface Exports {
  memory: WebAssembly.Memory;
  heapBase: WebAssembly.Global;
  scanState: WebAssembly.Global;
  scanTFRecords(
    start: number,
    end: number,
    index: number,
    capacity: number,
    max: number,
    mode: number,
  ): number;
  findTFRecordHeader(start: number, end: number, max: number): number;
  sealTFRecord(frame: number, length: number): void;
}

const module = new WebAssembly.Module(Buffer.from(wasmModule, 'hex'));
export const kernel: Exports = new WebAssembly.Instance(module).exports as unknown as Exports;
kernel.memory.grow(64);

export const indexCapacity = 4096;
export const indexAt: number = kernel.heapBase.value as number;
/** First address that tests may write. */
export const heap: number = indexAt + 8 * indexCapacity + 64;

export function memory(): Uint8Array {
  return new Uint8Array(kernel.memory.buffer);
}

export function put(bytes: Uint8Array, at: number): void {
  memory().set(bytes, at);
}
