// Lookup of values that depend only on a short length.
import { LENGTHS, SHORT_PAYLOAD } from './tfrecord-memory';
import { lengthCrc, mask } from './tfrecord-frame';
import { step8 } from './tables';

export function buildLengths(): void {
  let state: u32 = ~0;
  for (let length: u32 = 0; length < SHORT_PAYLOAD; ++length) {
    store<u32>(LENGTHS + (length << 3), mask(lengthCrc(length, 0)));
    store<u32>(LENGTHS + (length << 3), ~state, 4);
    state = step8(state, 0);
  }
}

/** Returns the masked CRC in the header of a payload of `length` < SHORT_PAYLOAD bytes. */
// @ts-ignore: decorator
@inline
export function shortLengthCrc(length: u32): u32 {
  return load<u32>(length << 3, LENGTHS);
}

/**
 * Returns the CRC of `length` < SHORT_PAYLOAD zero bytes. XORed with the bare remainder of the same
 * number of bytes, it gives their CRC.
 */
// @ts-ignore: decorator
@inline
export function crcOfZeros(length: u32): u32 {
  return load<u32>(length << 3, LENGTHS + 4);
}
