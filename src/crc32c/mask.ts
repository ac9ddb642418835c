const MASK_DELTA = 0xa282ead8;

/**
 * The masked form of a CRC-32C in which TFRecord stores it: rotated right by 15 bits, plus 0xa282ead8, modulo 2^32.
 * (A checksum over bytes that themselves hold checksums is weak; the mask avoids that.)
 *
 * @example
 * ```ts
 * import { crc32c, maskCrc32c } from 'recordpipe/crc32c';
 * const lengthChecksum = maskCrc32c(crc32c(new Uint8Array(8))); // of a record with no bytes
 * console.log(lengthChecksum.toString(16)); // 7980329
 * ```
 */
export function maskCrc32c(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/**
 * The inverse of {@link maskCrc32c}.
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
