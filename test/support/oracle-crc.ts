/**
 * Computes CRC-32C bit by bit, from the definition: reflected polynomial 0x1EDC6F41, initial value
 * and final XOR of all ones.
 */
export function oracleCrc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/**
 * Computes mask(c) = c rotated right by 15, plus 0xa282ead8, modulo 2^32. Uses BigInt to avoid
 * 32-bit operators.
 */
export function oracleMask(crc: number): number {
  const value = BigInt(crc);
  const rotated = ((value >> 15n) | (value << 17n)) & 0xffffffffn;
  return Number((rotated + 0xa282ead8n) & 0xffffffffn);
}
