import { UsageError } from '../errors.ts';
import { typeName } from './type-name.ts';
import { LITTLE_ENDIAN } from './varints.ts';

const utf8 = new TextEncoder();
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Text as UTF-8. */
export function textBytes(what: string, text: string): Uint8Array {
  if (LONE_SURROGATE.test(text))
    throw new UsageError(
      `${what}: expected text that UTF-8 can hold, got a lone surrogate in ${JSON.stringify(text)}`,
    );
  return utf8.encode(text);
}

/** Bytes and texts as bytes. */
export function bytesValues(what: string, value: readonly (Uint8Array | string)[]): Uint8Array[] {
  if (!Array.isArray(value))
    throw new UsageError(`${what}: expected an array of bytes (Uint8Array) or texts, got ${typeName(value)}`);
  return value.map((one: Uint8Array | string) => {
    if (typeof one === 'string') return textBytes(what, one);
    if (one instanceof Uint8Array) return one;
    throw new UsageError(`${what}: expected bytes (Uint8Array) or texts, got ${typeName(one)}`);
  });
}

/** 32-bit floats as the bytes that are written. */
export function floatBytes(what: string, value: Float32Array | Float64Array | readonly number[]): Uint8Array {
  if (value instanceof Float32Array && LITTLE_ENDIAN)
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  listed(what, value, 'numbers');
  const bytes = new Uint8Array(4 * value.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < value.length; i++) {
    const number = value[i];
    if (typeof number !== 'number')
      throw new UsageError(`${what}: expected numbers, got ${typeName(number)}`);
    if (Number.isFinite(number) && !Number.isFinite(Math.fround(number)))
      throw new UsageError(`${what}: expected numbers that a 32-bit float can hold, got ${number}`);
    view.setFloat32(4 * i, number, true);
  }
  return bytes;
}

/** Complains of what is neither an array nor a typed array. */
export function listed(what: string, value: unknown, of: string): void {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value))
    throw new UsageError(`${what}: expected an array of ${of}, got ${typeName(value)}`);
}
