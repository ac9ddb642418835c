/** The same bytes as a view that begins `offset` bytes into a larger buffer full of other bytes. */
export function offsetView(bytes: Uint8Array, offset: number): Uint8Array {
  const around = new Uint8Array(bytes.length + offset + 37).fill(0xa5);
  around.set(bytes, offset);
  return around.subarray(offset, offset + bytes.length);
}
