/**
 * A TFRecord frame: length (u64, little-endian), masked CRC-32C of those 8 bytes, payload, masked CRC-32C of the payload.
 * Source of the rule: TensorFlow's record_writer.
 */
export const LENGTH_BYTES = 8;
/** Length and its checksum. */
export const HEADER_BYTES = 12;
/** The payload's checksum. */
export const FOOTER_BYTES = 4;
/** What a frame takes beside its payload. */
export const OVERHEAD_BYTES: number = HEADER_BYTES + FOOTER_BYTES;

/**
 * What SageMaker's debugger writes in place of the payload checksum when told to write none:
 * the masked checksum of one fixed text, the same in every record.
 */
export const SMDEBUG_DATA_CRC = 0x062dc0b3;

/** The largest payload that a limit may allow: a frame must fit into 32 bits of address. */
export const MAX_RECORD_BYTES: number = 2 ** 32 - 64;
