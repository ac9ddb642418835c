/** Returns the same bytes as a view at `offset` of a larger buffer filled with other bytes. */
export function offsetView(bytes: Uint8Array, offset: number): Uint8Array {
  const around = new Uint8Array(bytes.length + offset + 37).fill(0xa5);
  around.set(bytes, offset);
  return around.subarray(offset, offset + bytes.length);
}
