import { listed } from '../bytes/message-input.ts';
import { typeName } from '../bytes/type-name.ts';
import { LITTLE_ENDIAN } from '../bytes/varints.ts';
import { UsageError } from '../errors.ts';

/** Unsigned integers, as keys and shapes are. */
export type Uint64Input = BigUint64Array | Float64Array | Uint32Array | readonly (number | bigint)[];

const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;

/** 64-bit floats as the bytes that are written. */
export function doubleBytes(
  what: string,
  values: Float64Array | Float32Array | readonly number[],
): Uint8Array {
  if (values instanceof Float64Array && LITTLE_ENDIAN)
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  listed(what, values, 'numbers');
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw new UsageError(`${what}: expected numbers, got ${typeName(value)}`);
    view.setFloat64(8 * i, value, true);
  }
  return bytes;
}

/** 32-bit integers as words of 64 bits, the lower one first: so protobuf writes them. */
export function int32Words(what: string, values: Int32Array | Float64Array | readonly number[]): Int32Array {
  listed(what, values, 'integers');
  const words = new Int32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw new UsageError(`${what}: expected integers, got ${typeName(value)}`);
    if (!Number.isInteger(value) || value < -MAX_INT32 - 1 || value > MAX_INT32)
      throw new UsageError(`${what}: expected integers of 32 bits, got ${value}`);
    words[2 * i] = value;
    words[2 * i + 1] = value < 0 ? -1 : 0;
  }
  return words;
}

/** Unsigned integers as words, the lower one first. */
export function uint64Words(what: string, values: Uint64Input): Int32Array {
  if (values instanceof BigUint64Array && LITTLE_ENDIAN)
    return new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  listed(what, values, 'integers');
  const words = new Int32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i];
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || value < 0)
        throw new UsageError(`${what}: expected integers from 0 on (a bigint from 2^53 on), got ${value}`);
      words[2 * i] = value;
      words[2 * i + 1] = Math.floor(value / 2 ** 32);
    } else if (typeof value === 'bigint') {
      if (value < 0n || value > MAX_UINT64)
        throw new UsageError(`${what}: expected integers of 64 bits from 0 on, got ${value}`);
      words[2 * i] = Number(BigInt.asIntN(32, value));
      words[2 * i + 1] = Number(BigInt.asIntN(32, value >> 32n));
    } else throw new UsageError(`${what}: expected integers, got ${typeName(value)}`);
  }
  return words;
}
