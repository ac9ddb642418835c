import { LITTLE_ENDIAN } from './varints.ts';

/** What a feature to be written may look like: what `decodeExample` gives, or plain arrays. Texts are written in UTF-8. */
export type FeatureInput =
  | { readonly kind: 'bytes'; readonly value: readonly (Uint8Array | string)[] }
  | { readonly kind: 'float'; readonly value: Float32Array | Float64Array | readonly number[] }
  | {
      readonly kind: 'int64';
      readonly value: BigInt64Array | Float64Array | Int32Array | readonly (number | bigint)[];
    }
  | { readonly kind: 'none'; readonly value?: readonly never[] };

/** Features by name: a Map, or a plain object. */
export type FeaturesInput = ReadonlyMap<string, FeatureInput> | { readonly [name: string]: FeatureInput };

const utf8 = new TextEncoder();
const LEAST_INT64 = -(2n ** 63n);
const MOST_INT64 = 2n ** 63n - 1n;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Text as UTF-8. */
export function textBytes(what: string, text: string): Uint8Array {
  if (LONE_SURROGATE.test(text))
    throw new RangeError(
      `${what}: expected text that UTF-8 can hold, got a lone surrogate in ${JSON.stringify(text)}`,
    );
  return utf8.encode(text);
}

/** The values of a BytesList. */
export function bytesValues(what: string, value: readonly (Uint8Array | string)[]): Uint8Array[] {
  if (!Array.isArray(value))
    throw new TypeError(`${what}: expected an array of bytes (Uint8Array) or texts, got ${typeName(value)}`);
  return value.map((one: Uint8Array | string) => {
    if (typeof one === 'string') return textBytes(what, one);
    if (one instanceof Uint8Array) return one;
    throw new TypeError(`${what}: expected bytes (Uint8Array) or texts, got ${typeName(one)}`);
  });
}

/** The values of a FloatList as the bytes that are written. */
export function floatBytes(what: string, value: Float32Array | Float64Array | readonly number[]): Uint8Array {
  if (value instanceof Float32Array && LITTLE_ENDIAN)
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  listed(what, value, 'numbers');
  const bytes = new Uint8Array(4 * value.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < value.length; i++) {
    const number = value[i];
    if (typeof number !== 'number') throw new TypeError(`${what}: expected numbers, got ${typeName(number)}`);
    if (Number.isFinite(number) && !Number.isFinite(Math.fround(number)))
      throw new RangeError(`${what}: expected numbers that a 32-bit float can hold, got ${number}`);
    view.setFloat32(4 * i, number, true);
  }
  return bytes;
}

/** The values of an Int64List as words, the lower one first. */
export function int64Words(
  what: string,
  value: BigInt64Array | Float64Array | Int32Array | readonly (number | bigint)[],
): Int32Array {
  if (value instanceof BigInt64Array && LITTLE_ENDIAN)
    return new Int32Array(value.buffer, value.byteOffset, 2 * value.length);
  listed(what, value, 'integers');
  const words = new Int32Array(2 * value.length);
  for (let i = 0; i < value.length; i++) {
    const one = value[i];
    if (typeof one === 'number') {
      if (!Number.isSafeInteger(one))
        throw new RangeError(`${what}: expected integers (a bigint from 2^53 on), got ${one}`);
      words[2 * i] = one;
      words[2 * i + 1] = Math.floor(one / 2 ** 32);
    } else if (typeof one === 'bigint') {
      if (one < LEAST_INT64 || one > MOST_INT64)
        throw new RangeError(`${what}: expected integers of 64 bits, got ${one}`);
      words[2 * i] = Number(BigInt.asIntN(32, one));
      words[2 * i + 1] = Number(one >> 32n);
    } else throw new TypeError(`${what}: expected integers, got ${typeName(one)}`);
  }
  return words;
}

function listed(what: string, value: unknown, of: string): void {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value))
    throw new TypeError(`${what}: expected an array of ${of}, got ${typeName(value)}`);
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value;
}
