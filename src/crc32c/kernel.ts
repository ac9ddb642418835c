import { wantsKernel } from '../bytes/kernel-memory.ts';
import { tableCrc32c } from './table-kernel.ts';
import { createWasmKernel, type WasmKernel } from './wasm-kernel.ts';

/** What computes the checksums of this process. */
export interface Kernel {
  readonly name: 'wasm' | 'table';
  /** CRC-32C of `bytes`, going on from `seed`, the CRC-32C of the bytes before them. */
  crc32c(bytes: Uint8Array, seed: number): number;
  /** The WebAssembly kernel with its memory, or `undefined` where the tables serve. */
  readonly wasm: WasmKernel | undefined;
}

const tableKernel: Kernel = { name: 'table', crc32c: tableCrc32c, wasm: undefined };

let shared: Kernel | undefined;

/** The kernel that all one-shot work of this process shares; chosen and compiled at the first call. */
export function sharedKernel(): Kernel {
  shared ??= createKernel();
  return shared;
}

/**
 * A kernel with a memory of its own, for a reader that hands out views of that memory.
 * WebAssembly is used unless `RECORDPIPE_KERNEL=table` is set, or the host lacks it, lacks SIMD, or forbids
 * it (Content-Security-Policy): then the tables serve, with the same results.
 */
export function createKernel(): Kernel {
  if (!wantsKernel()) return tableKernel;
  try {
    const wasm = createWasmKernel();
    return { name: 'wasm', crc32c: (bytes, seed) => wasm.crc32c(bytes, seed), wasm };
  } catch {
    return tableKernel;
  }
}
