import { typeName } from '../../bytes/arguments.ts';
import {
  bytesPart,
  bytesValues,
  EMPTY,
  field,
  floatBytes,
  listed,
  mapPart,
  optional,
  type Part,
  textBytes,
  varintsPart,
  written,
} from '../../bytes/wire/message-writer.ts';
import { LITTLE_ENDIAN } from '../../bytes/wire/varints.ts';
import { UsageError } from '../../errors.ts';
import { BYTES, RECORD, TENSOR, VALUE } from './record.ts';

/** Unsigned integers for keys and shapes. */
export type Uint64Input = BigUint64Array | Float64Array | Uint32Array | readonly (number | bigint)[];

const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Returns 64-bit floats as protobuf writes them. */
function doubleBytes(what: string, values: Float64Array | Float32Array | readonly number[]): Uint8Array {
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

/**
 * Returns 32-bit integers as pairs of words, low word first, because protobuf writes them as 64-bit
 * integers.
 */
function int32Words(what: string, values: Int32Array | Float64Array | readonly number[]): Int32Array {
  listed(what, values, 'integers');
  const words = new Int32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw new UsageError(`${what}: expected integers, got ${typeName(value)}`);
    if (!Number.isInteger(value) || value < -MAX_INT32 - 1 || value > MAX_INT32)
      throw new UsageError(`${what}: expected 32-bit integers, got ${value}`);
    words[2 * i] = value;
    words[2 * i + 1] = value < 0 ? -1 : 0;
  }
  return words;
}

/** Returns unsigned integers as pairs of words, low word first. */
function uint64Words(what: string, values: Uint64Input): Int32Array {
  if (values instanceof BigUint64Array && LITTLE_ENDIAN)
    return new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  listed(what, values, 'integers');
  const words = new Int32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i];
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || value < 0)
        throw new UsageError(`${what}: expected integers >= 0 (bigints for values >= 2^53), got ${value}`);
      words[2 * i] = value;
      words[2 * i + 1] = Math.floor(value / 2 ** 32);
    } else if (typeof value === 'bigint') {
      if (value < 0n || value > MAX_UINT64)
        throw new UsageError(`${what}: expected integers that fit in 64 unsigned bits, got ${value}`);
      words[2 * i] = Number(BigInt.asIntN(32, value));
      words[2 * i + 1] = Number(BigInt.asIntN(32, value >> 32n));
    } else throw new UsageError(`${what}: expected integers, got ${typeName(value)}`);
  }
  return words;
}

/** A tensor to encode: in the form that `decodeSageMakerRecord` returns, or with plain arrays. */
export interface TensorInput {
  /** Type of the numbers. */
  readonly kind: 'float32' | 'float64' | 'int32';
  /** The numbers, in row-major order. */
  readonly values: Float32Array | Float64Array | Int32Array | readonly number[];
  /**
   * For a sparse tensor, the element index of each value; omitted for a dense tensor. Keys require
   * a shape.
   */
  readonly keys?: Uint64Input | undefined;
  /** Size of each dimension. Default: none. */
  readonly shape?: Uint64Input | undefined;
}

/** A feature or label to encode. Strings are encoded as UTF-8. */
export type SageMakerValueInput =
  | TensorInput
  | {
      /** Type of the value. */
      readonly kind: 'bytes';
      /** The byte strings. */
      readonly values: readonly (Uint8Array | string)[];
      /** Media type of the bytes, such as `image/jpeg`. */
      readonly contentType?: string | undefined;
    }
  | {
      /** Type of the value. */
      readonly kind: 'none';
    };

/** Features or labels by name: a Map, or a plain object. */
export type SageMakerValuesInput =
  | ReadonlyMap<string, SageMakerValueInput>
  | { readonly [name: string]: SageMakerValueInput };

/** A Record to encode. */
export interface SageMakerRecordInput {
  /** The features by name. */
  readonly features?: SageMakerValuesInput;
  /** The labels by name. */
  readonly label?: SageMakerValuesInput;
  /** Id of the record. */
  readonly uid?: string | undefined;
  /** Text that describes the record, usually JSON. */
  readonly metadata?: string | undefined;
  /** Configuration of an algorithm, as text. */
  readonly configuration?: string | undefined;
}

/**
 * Encodes an aialgs.data.Record, byte for byte as the SageMaker SDK's
 * `Record.SerializeToString(deterministic=True)` does: lists are packed, and features and labels
 * are sorted by name, except that Python sorts a name after longer names that begin with it. Such
 * records, written as RecordIO (`openRecordIOWriter`), are SageMaker's recordio-protobuf. The
 * result is new memory that the caller owns.
 *
 * @throws UsageError for values beyond 32-bit floats, 32-bit integers or unsigned 64-bit keys, lone
 *   surrogates in strings, keys or a shape that do not match the values, or more than 2 GiB; the
 *   error names the feature or label
 * @throws UsageError for values of a type that does not match the kind
 * @example
 * ```ts
 * import { encodeSageMakerRecord } from 'recordpipe/messages';
 * const record = encodeSageMakerRecord({
 *   features: { values: { kind: 'int32', values: [1, 2] } },
 *   label: { values: { kind: 'int32', values: [7] } },
 * });
 * console.log(Buffer.from(record).toString('hex')); // 0a100a0676616c75657312063a040a020102120f0a0676616c75657312053a030a0107
 * ```
 */
export function encodeSageMakerRecord(record: SageMakerRecordInput): Uint8Array<ArrayBuffer> {
  const { features = {}, label = {}, uid, metadata, configuration } = record;
  return written('record', [
    ...mapPart(RECORD.features, 'features', features, (name, one) => valuePart('features', name, one), true),
    ...mapPart(RECORD.label, 'label', label, (name, one) => valuePart('label', name, one), true),
    textPart(RECORD.uid, 'uid', uid),
    textPart(RECORD.metadata, 'metadata', metadata),
    textPart(RECORD.configuration, 'configuration', configuration),
  ]);
}

function textPart(tag: number, what: string, text: string | undefined): Part {
  if (text === undefined) return EMPTY;
  if (typeof text !== 'string') throw new UsageError(`${what}: expected a string, got ${typeName(text)}`);
  return field(tag, [bytesPart(textBytes(what, text))]);
}

function valuePart(map: string, name: string, value: SageMakerValueInput): Part {
  const what = `${map} ${JSON.stringify(name)}`;
  switch (value?.kind) {
    case 'none':
      return EMPTY;
    case 'bytes':
      return field(VALUE.bytes, [
        ...bytesValues(what, value.values).map((one) => field(BYTES.value, [bytesPart(one)])),
        textPart(BYTES.contentType, `${what}: contentType`, value.contentType),
      ]);
    case 'float32':
    case 'float64':
    case 'int32':
      return tensorPart(what, value);
    default:
      throw new UsageError(
        `${what}: expected a value with a kind (float32, float64, int32, bytes or none), got ${kindText(value)}`,
      );
  }
}

function tensorPart(what: string, { kind, values, keys = [], shape = [] }: TensorInput): Part {
  const body = valuesPart(what, kind, values);
  const keyWords = uint64Words(`${what}: keys`, keys);
  const shapeWords = uint64Words(`${what}: shape`, shape);
  checkPlaces(what, values.length, keys, shape);
  return field(VALUE[kind], [
    optional(TENSOR.values, values.length === 0 ? [] : [body]),
    optional(TENSOR.keys, keyWords.length === 0 ? [] : [varintsPart(keyWords)]),
    optional(TENSOR.shape, shapeWords.length === 0 ? [] : [varintsPart(shapeWords)]),
  ]);
}

function valuesPart(what: string, kind: TensorInput['kind'], values: TensorInput['values']): Part {
  switch (kind) {
    case 'float32':
      return bytesPart(floatBytes(what, values as Float32Array));
    case 'float64':
      return bytesPart(doubleBytes(what, values as Float64Array));
    default:
      return varintsPart(int32Words(what, values as Int32Array));
  }
}

/** Checks that the keys and the shape are integers that match the number of values. */
function checkPlaces(what: string, values: number, keys: Uint64Input, shape: Uint64Input): void {
  if (shape.length === 0) {
    if (keys.length > 0) throw new UsageError(`${what}: expected a shape together with keys, got none`);
    return;
  }
  if (keys.length > 0 && keys.length !== values)
    throw new UsageError(`${what}: expected as many keys as values (${values}), got ${keys.length}`);
  // A sparse tensor may have no values.
  if (values === 0) return;
  const elements = elementsOf(shape);
  if (keys.length === 0) {
    if (elements !== BigInt(values))
      throw new UsageError(`${what}: expected ${elements} values to match the shape, or keys, got ${values}`);
    return;
  }
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] >= elements)
      throw new UsageError(`${what}: expected keys less than ${elements} to match the shape, got ${keys[i]}`);
  }
}

function elementsOf(shape: Uint64Input): bigint {
  let elements = 1n;
  for (const size of shape) elements *= BigInt(size);
  return elements;
}

function kindText(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `kind ${JSON.stringify((value as { kind?: unknown }).kind)}`
    : String(value);
}
