// A TFRecord frame: u64 length | u32 masked CRC of the length | payload | u32 masked CRC of the
// payload, all little-endian.
import { step64 } from './tables';

export const HEADER_BYTES: u32 = 12;
/** Bytes of a frame that are not payload. */
export const FRAME_BYTES: u32 = 16;

/** Masks a CRC for storage in a TFRecord. */
// @ts-ignore: decorator
@inline
export function mask(crc: u32): u32 {
  return rotr<u32>(crc, 15) + 0xa282ead8;
}

/** Returns the CRC of a length, stored in the eight bytes of a header. */
// @ts-ignore: decorator
@inline
export function lengthCrc(low: u32, high: u32): u32 {
  return ~step64(~0, low, high);
}
