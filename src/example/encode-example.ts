import { bytesValues, floatBytes } from '../bytes/message-input.ts';
import {
  bytesPart,
  EMPTY,
  field,
  mapPart,
  optional,
  type Part,
  sizeOf,
  varintsPart,
  written,
} from '../bytes/message-parts.ts';
import { UsageError } from '../errors.ts';
import { type FeatureInput, type FeaturesInput, int64Words } from './encode-input.ts';

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

const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
const TAGS = { bytes: 0x0a, float: 0x12, int64: 0x1a } as const;

/**
 * Encodes a tf.train.Example, byte for byte as TensorFlow does with `SerializeToString(deterministic=True)`, but for names of which one begins another: in Python the shorter one stands behind; without features, as no bytes at all. The
 * result is new memory and belongs to the caller.
 *
 * @throws UsageError for integers beyond 64 bits, numbers beyond 32-bit floats, lone surrogates in texts, more than 2 GiB; the name of the feature is in it
 * @throws UsageError for values of another type than the kind says
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
  return written('features', [
    optional(FIELD_1, mapPart(FIELD_1, 'features', features, featurePart, deterministic)),
  ]);
}

/**
 * Encodes a tf.train.SequenceExample, in the order of {@link encodeExample}. The result is new memory and belongs to
 * the caller.
 *
 * @throws UsageError for what an Example cannot hold, as {@link encodeExample}
 * @throws UsageError for values of another type than the kind says
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
  return written('features', [
    optional(FIELD_1, mapPart(FIELD_1, 'context', context, featurePart, deterministic)),
    optional(FIELD_2, mapPart(FIELD_1, 'featureLists', featureLists, listPart, deterministic)),
  ]);
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
        TAGS.bytes,
        bytesValues(what, feature.value).map((one) => field(FIELD_1, [bytesPart(one)])),
      );
    case 'float': {
      const bytes = floatBytes(what, feature.value);
      return field(TAGS.float, bytes.length === 0 ? [] : [field(FIELD_1, [bytesPart(bytes)])]);
    }
    case 'int64': {
      const words = int64Words(what, feature.value);
      return field(TAGS.int64, words.length === 0 ? [] : [field(FIELD_1, [varintsPart(words)])]);
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
