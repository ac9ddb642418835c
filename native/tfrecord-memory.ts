// Memory layout of the frame scanner, after the memory of the checksum kernel.
import { HEAP_BASE as CHECKSUM_END } from './memory';

/** Payloads shorter than this have an entry in LENGTHS, and are checked by tfrecord-short. */
export const SHORT_PAYLOAD: u32 = 448;
/** Two u32 per short length: the masked CRC of its header, and the CRC of that many zero bytes. */
export const LENGTHS: usize = CHECKSUM_END;
export const LENGTHS_BYTES: usize = 8 * SHORT_PAYLOAD;

/**
 * Table offsets of the last bytes of each 16-byte word, for the three words that the tables
 * process.
 */
export const SHORT_OFFSETS: usize = LENGTHS + LENGTHS_BYTES;
export const SHORT_OFFSETS_BYTES: usize = 3 * 16;
/** A word that is only written. See `pin`. */
export const PIN: usize = SHORT_OFFSETS + SHORT_OFFSETS_BYTES;
export const PIN_BYTES: usize = 16;

export const KERNEL_END: usize = PIN + PIN_BYTES;
