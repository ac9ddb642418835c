/** Bytes in memory: an ArrayBuffer or SharedArrayBuffer, or a view of bytes in one (Uint8Array, Buffer, DataView). */
export type BinaryData = ArrayBufferLike | Uint8Array | DataView;

/**
 * The bytes of `value` as a view, without copying; undefined for anything that is not {@link BinaryData}.
 * Other typed arrays are not: their elements are numbers rather than bytes.
 */
export function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  // By tag, because Jest's environments and Node's `vm` have classes of their own.
  switch (Object.prototype.toString.call(value)) {
    case '[object Uint8Array]':
    case '[object DataView]': {
      const { buffer, byteOffset, byteLength } = value as ArrayBufferView;
      return new Uint8Array(buffer, byteOffset, byteLength);
    }
    case '[object ArrayBuffer]':
    case '[object SharedArrayBuffer]':
      return new Uint8Array(value as ArrayBufferLike);
    default:
      return undefined;
  }
}
