/** The magic number of every record: `TOYR`. */
export const MAGIC: Uint8Array = Uint8Array.of(0x54, 0x4f, 0x59, 0x52);
export const PAYLOAD_BYTES = 12;
export const FRAME_BYTES: number = MAGIC.length + PAYLOAD_BYTES;

export function isHead(bytes: Uint8Array, at: number): boolean {
  return bytes.length >= at + MAGIC.length && MAGIC.every((byte, i) => bytes[at + i] === byte);
}
