/**
 * Bytes in memory: an ArrayBuffer or SharedArrayBuffer, or a view of the bytes of one (Uint8Array,
 * Buffer, DataView).
 */
export type BinaryData = ArrayBufferLike | Uint8Array | DataView;

/**
 * Returns the bytes of `value` as a view, without copying. Returns undefined for any other value,
 * including other typed arrays, because their elements are numbers rather than bytes.
 */
export function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  // Check the tag, because Jest's environments and Node's `vm` have their own classes.
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

// Math.max(...values) passes each value on the stack, which overflows at about 125,000 values, so
// the functions below loop instead.

/** Returns the largest of any number of values, or `none` if there are none. */
export function largestOf(values: Iterable<number>, none: number = Number.NEGATIVE_INFINITY): number {
  let largest = none;
  for (const value of values) if (value > largest) largest = value;
  return largest;
}

/** Returns the smallest of any number of values, or infinity if there are none. */
export function smallestOf(values: Iterable<number>): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < smallest) smallest = value;
  return smallest;
}

/**
 * The functions below read and write little-endian words in a byte array, as plain numbers. Callers
 * have already checked the bounds.
 */

/** Returns the unsigned 32-bit word at `at`. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** Writes the unsigned 32-bit word `value` at `at`. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/**
 * Returns the exact decimal text of the unsigned 64-bit word (`high`, `low`), for messages only.
 */
export function u64Text(low: number, high: number): string {
  return high === 0 ? String(low) : String((BigInt(high) << 32n) | BigInt(low));
}

/** Returns `value` as `0x` and eight hexadecimal digits. */
export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}
