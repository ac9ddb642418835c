import {
  bytesValues,
  type FeatureInput,
  type FeaturesInput,
  floatBytes,
  int64Words,
  textBytes,
} from './encode-input.ts';
import { fieldSize, MessageWriter, varintsSize } from './message-writer.ts';

/** How an Example is written. */
export interface EncodeExampleOptions {
  /**
   * Features in the order of their names (of the bytes of these in UTF-8), as TensorFlow's deterministic serialization has them: the same features are
   * then always the same bytes. Without it they come in the order in which they are given.
   */
  readonly deterministic: boolean;
}

/** What holds where nothing is said. */
export const DEFAULT_ENCODE_EXAMPLE_OPTIONS: Readonly<EncodeExampleOptions> = Object.freeze({
  deterministic: true,
});

/** What a SequenceExample is written from. */
export interface SequenceExampleInput {
  readonly context?: FeaturesInput;
  readonly featureLists?:
    | ReadonlyMap<string, readonly FeatureInput[]>
    | { readonly [name: string]: readonly FeatureInput[] };
}

/** A message that knows its size. */
interface Part {
  readonly size: number;
  write(writer: MessageWriter): void;
}

const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
const TAGS = { bytes: 0x0a, float: 0x12, int64: 0x1a } as const;
const EMPTY: Part = { size: 0, write: () => undefined };
/** Protobuf's limit. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Encodes a tf.train.Example, byte for byte as TensorFlow does with `SerializeToString(deterministic=True)`; without features, as no bytes at all. The
 * result is new memory and belongs to the caller.
 *
 * @throws RangeError for integers beyond 64 bits, numbers beyond 32-bit floats, lone surrogates in texts, more than 2 GiB; the name of the feature is in it
 * @throws TypeError for values of another type than the kind says
 * @example
 * ```ts
 * import { encodeExample } from 'recordpipe/example';
 * const record = encodeExample({ label: { kind: 'int64', value: [1] } });
 * console.log(Buffer.from(record).toString('hex')); // 0a100a0e0a056c6162656c12051a030a0101
 * ```
 */
export function encodeExample(
  features: FeaturesInput,
  options: Partial<EncodeExampleOptions> = {},
): Uint8Array<ArrayBuffer> {
  const { deterministic = DEFAULT_ENCODE_EXAMPLE_OPTIONS.deterministic } = options;
  return written([optional(FIELD_1, mapPart('features', features, featurePart, deterministic))]);
}

/**
 * Encodes a tf.train.SequenceExample, byte for byte as TensorFlow does with `SerializeToString(deterministic=True)`. The result is new memory and belongs to
 * the caller.
 *
 * @throws RangeError for what an Example cannot hold, as {@link encodeExample}
 * @throws TypeError for values of another type than the kind says
 * @example
 * ```ts
 * import { encodeSequenceExample } from 'recordpipe/example';
 * const record = encodeSequenceExample({ featureLists: { words: [{ kind: 'bytes', value: ['a', 'b'] }] } });
 * console.log(record.length); // 23
 * ```
 */
export function encodeSequenceExample(
  { context = {}, featureLists = {} }: SequenceExampleInput,
  options: Partial<EncodeExampleOptions> = {},
): Uint8Array<ArrayBuffer> {
  const { deterministic = DEFAULT_ENCODE_EXAMPLE_OPTIONS.deterministic } = options;
  return written([
    optional(FIELD_1, mapPart('context', context, featurePart, deterministic)),
    optional(FIELD_2, mapPart('featureLists', featureLists, listPart, deterministic)),
  ]);
}

function written(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const size = sizeOf(parts);
  if (size > MOST_BYTES) throw new RangeError(`features: expected at most 2^31 - 1 bytes, got ${size}`);
  const writer = new MessageWriter(size);
  for (const part of parts) part.write(writer);
  return writer.bytes;
}

function sizeOf(parts: readonly Part[]): number {
  let size = 0;
  for (const part of parts) size += part.size;
  return size;
}

/** A delimited field around parts. */
function field(tag: number, parts: readonly Part[]): Part {
  const length = sizeOf(parts);
  return {
    size: fieldSize(length),
    write(writer) {
      writer.head(tag, length);
      for (const part of parts) part.write(writer);
    },
  };
}

function optional(tag: number, parts: readonly Part[]): Part {
  return parts.length === 0 ? EMPTY : field(tag, parts);
}

function bytesPart(bytes: Uint8Array): Part {
  return { size: bytes.length, write: (writer) => writer.append(bytes) };
}

/** The entries of a map. */
function mapPart<T>(
  what: string,
  map: ReadonlyMap<string, T> | { readonly [name: string]: T },
  valuePart: (name: string, value: T) => Part,
  deterministic: boolean,
): Part[] {
  if (typeof map !== 'object' || map === null)
    throw new TypeError(`${what}: expected a Map or an object, got ${map === null ? 'null' : typeof map}`);
  const entries = [...(map instanceof Map ? map : Object.entries(map))].map(([name, value]: [string, T]) => ({
    name,
    key: textBytes(what, name),
    value,
  }));
  if (deterministic) entries.sort((a, b) => compareBytes(a.key, b.key));
  return entries.map(({ name, key, value }) =>
    field(FIELD_1, [field(FIELD_1, [bytesPart(key)]), field(FIELD_2, [valuePart(name, value)])]),
  );
}

function listPart(name: string, features: readonly FeatureInput[]): Part {
  if (!Array.isArray(features))
    throw new TypeError(`${JSON.stringify(name)}: expected an array of features, got ${typeof features}`);
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
        TAGS.bytes,
        bytesValues(what, feature.value).map((one) => field(FIELD_1, [bytesPart(one)])),
      );
    case 'float': {
      const bytes = floatBytes(what, feature.value);
      return field(TAGS.float, bytes.length === 0 ? [] : [field(FIELD_1, [bytesPart(bytes)])]);
    }
    case 'int64': {
      const words = int64Words(what, feature.value);
      const packed = { size: varintsSize(words), write: (writer: MessageWriter) => writer.varints(words) };
      return field(TAGS.int64, words.length === 0 ? [] : [field(FIELD_1, [packed])]);
    }
    default:
      throw new TypeError(
        `${what}: expected a feature with a kind (bytes, float, int64 or none), got ${kindText(feature)}`,
      );
  }
}

function kindText(feature: unknown): string {
  return typeof feature === 'object' && feature !== null
    ? `kind ${JSON.stringify((feature as { kind?: unknown }).kind)}`
    : String(feature);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
