import tables from 'crc-32/crc32c.js';
import { wantsKernel } from '../bytes/kernel-memory.ts';
import { UsageError } from '../errors.ts';
import { createWasmKernel, type WasmKernel } from './wasm-kernel.ts';

/** Castagnoli's polynomial, with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const MASK_DELTA = 0xa282ead8;

const tableKernel: Kernel = { name: 'table', crc32c: tableCrc32c, wasm: undefined };

let shared: Kernel | undefined;

/**
 * Returns the CRC-32C (Castagnoli) of `bytes`, as an unsigned 32-bit number.
 *
 * @param seed CRC-32C of the preceding bytes: `crc32c(b, crc32c(a))` is the checksum of `a`
 *   followed by `b`. Default 0
 * @throws UsageError for anything other than a Uint8Array
 * @example
 * ```ts
 * import { crc32c } from 'recordpipe/crc32c';
 * console.log(crc32c(new TextEncoder().encode('123456789')).toString(16)); // e3069283
 * ```
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  // The elements of other typed arrays would be converted one by one, which would give a wrong
  // result.
  if (!(bytes instanceof Uint8Array)) throw new UsageError('crc32c: expected bytes (Uint8Array)');
  return sharedKernel().crc32c(bytes, seed);
}

/**
 * Returns the kernel of this process: `wasm`, or `table` if WebAssembly SIMD is missing, forbidden
 * or disabled with `RECORDPIPE_KERNEL=table`.
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

/**
 * Returns the CRC-32C of `a` followed by `b`, from both checksums and the length of `b`. It reads
 * no bytes, and takes about log2(`lengthOfB`) steps.
 *
 * @param a CRC-32C of the first bytes
 * @param b CRC-32C of the second bytes
 * @param lengthOfB number of bytes that `b` covers, 0 to 2^53 - 1
 * @throws UsageError if `lengthOfB` is negative or not a safe integer
 * @example
 * ```ts
 * import { crc32c, crc32cCombine } from 'recordpipe/crc32c';
 * const bytes = new TextEncoder().encode('123456789');
 * const combined = crc32cCombine(crc32c(bytes.subarray(0, 4)), crc32c(bytes.subarray(4)), 5);
 * console.log(combined === crc32c(bytes)); // true
 * ```
 */
export function crc32cCombine(a: number, b: number, lengthOfB: number): number {
  if (!Number.isSafeInteger(lengthOfB) || lengthOfB < 0) {
    throw new UsageError(
      `crc32cCombine: lengthOfB: expected an integer from 0 to 2^53 - 1, got ${lengthOfB}`,
    );
  }
  return (multiply(a >>> 0, powerOfX(lengthOfB)) ^ b) >>> 0;
}

/**
 * Masks a CRC-32C for storage in a TFRecord: rotated right by 15 bits, plus 0xa282ead8, modulo
 * 2^32. (The checksum of bytes that contain their own checksum is weak; the mask avoids that.)
 *
 * @example
 * ```ts
 * import { crc32c, maskCrc32c } from 'recordpipe/crc32c';
 * const lengthChecksum = maskCrc32c(crc32c(new Uint8Array(8))); // of an empty record
 * console.log(lengthChecksum.toString(16)); // 7980329
 * ```
 */
export function maskCrc32c(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/**
 * Returns the CRC-32C that was masked by {@link maskCrc32c}.
 *
 * @example
 * ```ts
 * import { maskCrc32c, unmaskCrc32c } from 'recordpipe/crc32c';
 * console.log(unmaskCrc32c(maskCrc32c(0xe3069283)) === 0xe3069283); // true
 * ```
 */
export function unmaskCrc32c(masked: number): number {
  const rotated = (masked - MASK_DELTA) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

/** Computes checksums. */
export interface Kernel {
  readonly name: 'wasm' | 'table';
  /**
   * Returns the CRC-32C of `bytes`.
   * @param seed CRC-32C of the preceding bytes
   */
  crc32c(bytes: Uint8Array, seed: number): number;
  /** The WebAssembly kernel with its memory; undefined if tables are used. */
  readonly wasm: WasmKernel | undefined;
}

/**
 * Returns the kernel that all one-shot calls in this process share. The first call selects and
 * compiles it.
 */
export function sharedKernel(): Kernel {
  shared ??= createKernel();
  return shared;
}

/**
 * Returns a kernel with separate memory, for a reader that returns views of that memory. It uses
 * tables instead of WebAssembly, with the same results, if `RECORDPIPE_KERNEL=table` is set, or if
 * the host lacks WebAssembly or SIMD, or forbids it (Content-Security-Policy).
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

/**
 * Computes CRC-32C by lookup tables, for hosts without WebAssembly SIMD. It has about a tenth of
 * the kernel's speed.
 */
export function tableCrc32c(bytes: Uint8Array, seed: number): number {
  return tables.buf(bytes, seed) >>> 0;
}

/** Returns x^(8 * bytes) modulo the polynomial. Bit 31 is x^0. */
function powerOfX(bytes: number): number {
  let power = 0x80000000;
  let square = 0x00800000; // x^8
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(power, square);
    square = multiply(square, square);
  }
  return power;
}

/** Returns the product of two reversed polynomials modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) !== 0 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}
