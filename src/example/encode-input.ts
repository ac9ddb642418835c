import { listed } from '../bytes/message-input.ts';
import { typeName } from '../bytes/type-name.ts';
import { LITTLE_ENDIAN } from '../bytes/varints.ts';
import { UsageError } from '../errors.ts';

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

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

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
        throw new UsageError(`${what}: expected integers (a bigint from 2^53 on), got ${one}`);
      words[2 * i] = one;
      words[2 * i + 1] = Math.floor(one / 2 ** 32);
    } else if (typeof one === 'bigint') {
      if (one < MIN_INT64 || one > MAX_INT64)
        throw new UsageError(`${what}: expected integers of 64 bits, got ${one}`);
      words[2 * i] = Number(BigInt.asIntN(32, one));
      words[2 * i + 1] = Number(one >> 32n);
    } else throw new UsageError(`${what}: expected integers, got ${typeName(one)}`);
  }
  return words;
}
