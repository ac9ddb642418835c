import { checkRecordOptions, typeName } from '../../bytes/arguments.ts';
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
  sizeOf,
  varintsPart,
  written,
} from '../../bytes/wire/message-writer.ts';
import { LITTLE_ENDIAN } from '../../bytes/wire/varints.ts';
import { UsageError } from '../../errors.ts';

/**
 * A feature to encode: in the form that `decodeExample` returns, or with plain arrays. Strings are
 * encoded as UTF-8.
 */
export type FeatureInput =
  | {
      /** Type of the list. */
      readonly kind: 'bytes';
      /** The values. */
      readonly value: readonly (Uint8Array | string)[];
    }
  | {
      /** Type of the list. */
      readonly kind: 'float';
      /** The values. */
      readonly value: Float32Array | Float64Array | readonly number[];
    }
  | {
      /** Type of the list. */
      readonly kind: 'int64';
      /** The values. */
      readonly value: BigInt64Array | Float64Array | Int32Array | readonly (number | bigint)[];
    }
  | {
      /** Type of the list. */
      readonly kind: 'none';
      /** The values. */
      readonly value?: readonly never[];
    };

/** Features by name: a Map, or a plain object. */
export type FeaturesInput = ReadonlyMap<string, FeatureInput> | { readonly [name: string]: FeatureInput };

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Returns the values of an Int64List as pairs of words, low word first. */
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
        throw new UsageError(`${what}: expected integers (bigints for values >= 2^53), got ${one}`);
      words[2 * i] = one;
      words[2 * i + 1] = Math.floor(one / 2 ** 32);
    } else if (typeof one === 'bigint') {
      if (one < MIN_INT64 || one > MAX_INT64)
        throw new UsageError(`${what}: expected 64-bit integers, got ${one}`);
      words[2 * i] = Number(BigInt.asIntN(32, one));
      words[2 * i + 1] = Number(one >> 32n);
    } else throw new UsageError(`${what}: expected integers, got ${typeName(one)}`);
  }
  return words;
}

/** Options of {@link encodeExample}. */
export interface EncodeExampleOptions {
  /**
   * Whether to sort features by the UTF-8 bytes of their names, as TensorFlow's deterministic
   * serialization does, so that the same features always produce the same bytes. Otherwise features
   * keep their order. Default true.
   */
  readonly deterministic: boolean;
}

/** Default options of {@link encodeExample}. */
export const DEFAULT_ENCODE_EXAMPLE_OPTIONS: Readonly<EncodeExampleOptions> = Object.freeze({
  deterministic: true,
});

const OPTIONS: readonly (keyof EncodeExampleOptions)[] = ['deterministic'];

/** A SequenceExample to encode. */
export interface SequenceExampleInput {
  /** Features of the context. Default: none. */
  readonly context?: FeaturesInput;
  /** The feature lists: one feature per step. Default: none. */
  readonly featureLists?:
    | ReadonlyMap<string, readonly FeatureInput[]>
    | { readonly [name: string]: readonly FeatureInput[] };
}

const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
/** Tags of the kinds of a Feature. */
export const EXAMPLE_KINDS = { bytes: 0x0a, float: 0x12, int64: 0x1a } as const;

/**
 * Encodes a tf.train.Example, byte for byte as TensorFlow does with
 * `SerializeToString(deterministic=True)`, except that Python sorts a name after longer names that
 * begin with it. If there are no features, the result is empty. The result is new memory that the
 * caller owns.
 *
 * @throws UsageError for integers beyond 64 bits, numbers beyond 32-bit floats, lone surrogates in
 *   strings, or more than 2 GiB; the error names the feature
 * @throws UsageError for values of a type that does not match the kind
 * @example
 * ```ts
 * import { encodeExample } from 'recordpipe/messages';
 * const record = encodeExample({ label: { kind: 'int64', value: [1] } });
 * console.log(Buffer.from(record).toString('hex')); // 0a100a0e0a056c6162656c12051a030a0101
 * ```
 */
export function encodeExample(
  features: FeaturesInput,
  options?: Partial<EncodeExampleOptions>,
): Uint8Array<ArrayBuffer> {
  const deterministic = isDeterministic('encodeExample', options);
  return written('features', [
    optional(FIELD_1, mapPart(FIELD_1, 'features', features, featurePart, deterministic)),
  ]);
}

/**
 * Encodes a tf.train.SequenceExample. Features are in the same order as with {@link encodeExample}.
 * The result is new memory that the caller owns.
 *
 * @throws UsageError for values that an Example cannot hold, as with {@link encodeExample}
 * @example
 * ```ts
 * import { encodeSequenceExample } from 'recordpipe/messages';
 * const record = encodeSequenceExample({ featureLists: { words: [{ kind: 'bytes', value: ['a', 'b'] }] } });
 * console.log(record.length); // 23
 * ```
 */
export function encodeSequenceExample(
  { context = {}, featureLists = {} }: SequenceExampleInput,
  options?: Partial<EncodeExampleOptions>,
): Uint8Array<ArrayBuffer> {
  const deterministic = isDeterministic('encodeSequenceExample', options);
  return written('features', [
    optional(FIELD_1, mapPart(FIELD_1, 'context', context, featurePart, deterministic)),
    optional(FIELD_2, mapPart(FIELD_1, 'featureLists', featureLists, listPart, deterministic)),
  ]);
}

function isDeterministic(caller: string, options: Partial<EncodeExampleOptions> | undefined): boolean {
  checkRecordOptions(caller, options, OPTIONS);
  return options?.deterministic ?? DEFAULT_ENCODE_EXAMPLE_OPTIONS.deterministic;
}

function listPart(name: string, features: readonly FeatureInput[]): Part {
  if (!Array.isArray(features))
    throw new UsageError(`${JSON.stringify(name)}: expected an array of features, got ${typeof features}`);
  const parts = features.map((feature: FeatureInput) => field(FIELD_1, [featurePart(name, feature)]));
  return { size: sizeOf(parts), write: (writer) => parts.forEach((part) => void part.write(writer)) };
}

function featurePart(name: string, feature: FeatureInput): Part {
  const what = JSON.stringify(name);
  switch (feature?.kind) {
    case 'none':
      return EMPTY;
    case 'bytes':
      return field(
        EXAMPLE_KINDS.bytes,
        bytesValues(what, feature.value).map((one) => field(FIELD_1, [bytesPart(one)])),
      );
    case 'float': {
      const bytes = floatBytes(what, feature.value);
      return field(EXAMPLE_KINDS.float, bytes.length === 0 ? [] : [field(FIELD_1, [bytesPart(bytes)])]);
    }
    case 'int64': {
      const words = int64Words(what, feature.value);
      return field(EXAMPLE_KINDS.int64, words.length === 0 ? [] : [field(FIELD_1, [varintsPart(words)])]);
    }
    default:
      throw new UsageError(
        `${what}: expected a feature with a kind (bytes, float, int64 or none), got ${kindText(feature)}`,
      );
  }
}

function kindText(feature: unknown): string {
  return typeof feature === 'object' && feature !== null
    ? `kind ${JSON.stringify((feature as { kind?: unknown }).kind)}`
    : String(feature);
}
