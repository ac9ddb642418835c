// What walking frames keeps in memory, behind what the checksum keeps.
import { HEAP_BASE as CHECKSUM_END } from './memory';

/** Payloads shorter than this have an entry in LENGTHS, and are checked by tfrecord-short. */
export const SHORT_PAYLOAD: u32 = 448;
/** For each such length two u32: the masked CRC that its header must hold, and the CRC of as many zero bytes. */
export const LENGTHS: usize = CHECKSUM_END;
export const LENGTHS_BYTES: usize = 8 * SHORT_PAYLOAD;

/** Table offsets of the last bytes of each sixteen, for the three sixteens that a payload leaves to the tables. */
export const SHORT_OFFSETS: usize = LENGTHS + LENGTHS_BYTES;
export const SHORT_OFFSETS_BYTES: usize = 3 * 16;
/** A word that is written and never read. */
export const PIN: usize = SHORT_OFFSETS + SHORT_OFFSETS_BYTES;
export const PIN_BYTES: usize = 16;

export const KERNEL_END: usize = PIN + PIN_BYTES;
