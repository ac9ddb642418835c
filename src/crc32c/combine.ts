import { UsageError } from '../errors.ts';

/** Castagnoli's polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/**
 * The CRC-32C of `a` followed by `b`, from the checksums of both and the length of `b`: the bytes are not read again.
 * Takes about log2(`lengthOfB`) steps.
 *
 * @param a CRC-32C of the first bytes
 * @param b CRC-32C of the second bytes
 * @param lengthOfB how many bytes `b` covers, 0 to 2^53 - 1
 * @throws UsageError when `lengthOfB` is negative or no safe integer
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
      `crc32cCombine: lengthOfB must be a whole number from 0 to 2^53 - 1, got ${lengthOfB}`,
    );
  }
  return (multiply(a >>> 0, powerOfX(lengthOfB)) ^ b) >>> 0;
}

/** x^(8 * bytes) modulo the polynomial; bit 31 is x^0. */
function powerOfX(bytes: number): number {
  let power = 0x80000000;
  let square = 0x00800000; // x^8
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(power, square);
    square = multiply(square, square);
  }
  return power;
}

/** The product of two reversed polynomials modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) !== 0 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}
