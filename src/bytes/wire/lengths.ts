/** Protobuf's maximum message size in bytes. */
export const MAX_MESSAGE_BYTES: number = 2 ** 31 - 1;

/** Returns the number of bytes of a length as a varint. */
export function sizeOfLength(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  if (length < 0x200000) return 3;
  return length < 0x10000000 ? 4 : 5;
}

/** Returns the size of a length-delimited field with a tag of one byte and `length` bytes. */
export function sizeOfField(length: number): number {
  return 1 + sizeOfLength(length) + length;
}

/**
 * Writes the tag, which is one byte, and the length of a field at `at`. Returns the position after
 * them.
 */
export function putHead(bytes: Uint8Array, at: number, tag: number, length: number): number {
  bytes[at++] = tag;
  let rest = length;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** Orders names as protobuf's deterministic serialization does: by their bytes. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
