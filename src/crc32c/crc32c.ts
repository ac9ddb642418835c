import { UsageError } from '../errors.ts';
import { sharedKernel } from './kernel.ts';

/**
 * The CRC-32C (Castagnoli) of `bytes`, as an unsigned 32-bit number. Any view at any offset; the bytes are only read.
 *
 * @param bytes what to checksum
 * @param seed the CRC-32C of the bytes before these: `crc32c(b, crc32c(a))` is the checksum of `a` followed by `b`. Default 0
 * @throws UsageError for anything but a Uint8Array
 * @example
 * ```ts
 * import { crc32c } from 'recordpipe/crc32c';
 * console.log(crc32c(new TextEncoder().encode('123456789')).toString(16)); // e3069283
 * ```
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  // Other typed arrays would be converted element by element, to a wrong answer.
  if (!(bytes instanceof Uint8Array)) throw new UsageError('crc32c: expected bytes (Uint8Array)');
  return sharedKernel().crc32c(bytes, seed);
}

/**
 * Which kernel serves this process: `wasm`, or `table` where WebAssembly SIMD is missing, forbidden or
 * switched off with `RECORDPIPE_KERNEL=table`.
 *
 * @example
 * ```ts
 * import { crc32cKernel } from 'recordpipe/crc32c';
 * console.log(crc32cKernel()); // wasm
 * ```
 */
export function crc32cKernel(): 'wasm' | 'table' {
  return sharedKernel().name;
}
