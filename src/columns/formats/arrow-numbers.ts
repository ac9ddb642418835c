import type { NumberArrays, NumberVector } from '../../messages/columns/column-batch.ts';
import type { NumberType } from '../../messages/columns/column-schema.ts';
import { ARROW_TYPE, type ArrowData, type ArrowType } from './arrow-data.ts';
import { damaged, type ElementPlace, isPresent, unrepresentable, validityOf } from './arrow-elements.ts';

type Ints = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;
type LongInts = BigInt64Array | BigUint64Array;

/** Array types of numbers, by type. */
export const NUMBER_ARRAYS: {
  readonly [Type in NumberType]: new (
    length: number,
  ) => NumberArrays[Type];
} = {
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  float: Float32Array,
  float64: Float64Array,
};

/** Returns the type of numbers that represents an Arrow type in an Example. */
export function numberTypeOf(type: ArrowType): NumberType | undefined {
  const { typeId } = type;
  if (typeId === ARROW_TYPE.int || typeId === ARROW_TYPE.bool) return 'int64';
  return typeId === ARROW_TYPE.float ? 'float' : undefined;
}

/** Reports whether values of an Arrow type can be numbers of `target`, if each value fits. */
export function areNumbers(target: NumberType, type: ArrowType): boolean {
  const { typeId } = type;
  if (target === 'float' || target === 'float64') return typeId === ARROW_TYPE.float;
  return typeId === ARROW_TYPE.int || typeId === ARROW_TYPE.bool;
}

/** Reads numbers. Copies nothing if the types are the same. @param lossy whether floats are rounded */
export function readNumbers(
  target: NumberType,
  data: ArrowData,
  place: ElementPlace,
  lossy: boolean,
): NumberVector {
  const { length } = data;
  const validity = validityOf(data, place);
  const given = valuesOf(data, place);
  const values = isTyped(target, given)
    ? withZeroNulls(given, validity, length)
    : converted(target, given, length, (index) => isPresent(validity, index) && place.isUsed(index), {
        place,
        lossy,
      });
  return { type: target, length, validity, values } as NumberVector;
}

function isTyped<Type extends NumberType>(type: Type, values: unknown): values is NumberArrays[Type] {
  return values instanceof NUMBER_ARRAYS[type];
}

type Values = Ints | LongInts | Float32Array | Float64Array;

/** Returns one value per element. Bits become 0 and 1, and 16-bit floats become 32-bit floats. */
function valuesOf(data: ArrowData, place: ElementPlace): Values {
  const { type, length, offset } = data;
  const given = (data.values ?? new Uint8Array(0)) as Values;
  const needed = type.typeId === ARROW_TYPE.bool ? Math.ceil((offset + length) / 8) : length;
  if (given.length < needed) throw damaged(place, `it has ${given.length} values, not ${needed}`);
  if (type.typeId === ARROW_TYPE.bool)
    return Uint8Array.from({ length }, (_, i) => Number(isPresent(given as Uint8Array, offset + i)));
  if (type.typeId === ARROW_TYPE.float && given instanceof Uint16Array)
    return Float32Array.from({ length }, (_, i) => halfFloat(given[i]));
  return given.subarray(0, length);
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** Returns values whose nulls are 0. The given array may belong to the caller and is not changed. */
function withZeroNulls<Array extends Values>(
  values: Array,
  validity: Uint8Array | undefined,
  length: number,
): Array {
  if (validity === undefined) return values;
  let result = values;
  // Words, because reading a BigInt64Array creates a bigint.
  const width = values.BYTES_PER_ELEMENT / 4;
  const wordsOf = (array: Values): Int32Array =>
    new Int32Array(array.buffer, array.byteOffset, length * width);
  let words = wordsOf(values);
  for (let i = 0; i < length; i++) {
    if (isPresent(validity, i)) continue;
    for (let word = i * width; word < (i + 1) * width; word++) {
      if (words[word] === 0) continue;
      if (result === values) {
        result = values.slice() as Array;
        words = wordsOf(result);
      }
      words[word] = 0;
    }
  }
  return result;
}

interface Conversion {
  readonly place: ElementPlace;
  readonly lossy: boolean;
}

function converted(
  target: NumberType,
  given: Values,
  length: number,
  counts: (index: number) => boolean,
  { place, lossy }: Conversion,
): NumberArrays[NumberType] {
  const values = new NUMBER_ARRAYS[target](length);
  const reject = (index: number): void => {
    if (!counts(index)) return;
    const advice =
      target === 'float'
        ? 'convert the column to 32-bit floats first, or allow rounding (lossy)'
        : 'change or remove the value';
    throw unrepresentable(
      place,
      index,
      `the value ${given[index]} cannot be represented exactly as ${target}; ${advice}`,
    );
  };
  if (values instanceof Float32Array || values instanceof Float64Array)
    convertFloats(values, given as Float32Array | Float64Array, counts, lossy ? () => {} : reject);
  else if (values instanceof Int32Array) convertToInt32(values, given as Ints | LongInts, counts, reject);
  else convertToLongs(values, given as Ints | LongInts, counts, reject);
  return values;
}

function convertFloats(
  to: Float32Array | Float64Array,
  from: Float32Array | Float64Array,
  counts: (index: number) => boolean,
  reject: (index: number) => void,
): void {
  for (let i = 0; i < to.length; i++) {
    const value = from[i];
    to[i] = value;
    if (to[i] === value && value !== 0) continue;
    if (!counts(i)) to[i] = 0;
    else if (to[i] !== value && !Number.isNaN(value)) reject(i);
  }
}

function convertToInt32(
  to: Int32Array,
  from: Ints | LongInts,
  counts: (index: number) => boolean,
  reject: (index: number) => void,
): void {
  const words = wordsOf(from);
  for (let i = 0; i < to.length; i++) {
    const value = words === undefined ? (from[i] as number) : words[2 * i];
    to[i] = counts(i) ? value : 0;
    const fits =
      words === undefined
        ? to[i] === value
        : words[2 * i + 1] === value >> 31 && (from instanceof BigInt64Array || value >= 0);
    if (!fits) reject(i);
  }
}

/** Converts to 64-bit integers, in words, because a bigint per value takes several times as long. */
function convertToLongs(
  to: LongInts,
  from: Ints | LongInts,
  counts: (index: number) => boolean,
  reject: (index: number) => void,
): void {
  const longs = wordsOf(from);
  const isSigned = to instanceof BigInt64Array;
  const words = new Int32Array(to.buffer);
  for (let i = 0; i < to.length; i++) {
    if (!counts(i)) continue;
    if (longs === undefined) {
      const value = (from as Ints)[i];
      words[2 * i] = value;
      words[2 * i + 1] = value < 0 ? -1 : 0;
      if (value < 0 && !isSigned) reject(i);
    } else {
      words[2 * i] = longs[2 * i];
      words[2 * i + 1] = longs[2 * i + 1];
      // The arrays differ in sign, so the highest bit means something else.
      if (longs[2 * i + 1] < 0) reject(i);
    }
  }
}

function wordsOf(values: Ints | LongInts): Int32Array | undefined {
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? new Int32Array(values.buffer, values.byteOffset, values.length * 2)
    : undefined;
}
