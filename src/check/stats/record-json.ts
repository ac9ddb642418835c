import { decodeExample, decodeSequenceExample } from '../../messages/example/decode-example.ts';
import type { Feature } from '../../messages/example/feature.ts';
import { FeatureCursor } from '../../messages/example/feature-cursor.ts';
import { unpackIR } from '../../messages/ir-header.ts';
import { decodeSageMakerRecord } from '../../messages/sagemaker/decode-record.ts';
import type { SageMakerValue } from '../../messages/sagemaker/record.ts';
import { shortFloat } from './number-stats.ts';
import { type MessageType, readEvent, readExampleList } from './record-content.ts';

/** Number of values of a list per piece of text. */
const PIECE_VALUES = 8192;
/**
 * Number of bytes per piece. It is a multiple of 3, so that the pieces together are valid base64.
 */
const PIECE_BYTES = 3 * 2 ** 18;

/** Options of {@link recordJson}. */
export interface RecordJsonOptions {
  /**
   * Whether to write the feature or feature list with this name. By default, all are written.
   * Ignored for types without named features.
   */
  readonly wanted: (name: string) => boolean;
}

/**
 * Returns a record in protobuf's canonical JSON mapping, as
 * `google.protobuf.json_format.MessageToJson` writes it: field names in camel case, int64 as
 * decimal strings, bytes as base64 with padding, floats with the fewest digits that represent the
 * same 32 bits, the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, and unset fields omitted. The
 * JSON text is one line, and features keep the order of the record. An IRHeader has the fields
 * `flag`, `label`, `id`, `id2` and `payload`.
 *
 * The text is returned in pieces, because a string cannot hold the text of a record of more than
 * about 400 MB.
 *
 * @param type as `recognizeRecord` returns it
 * @throws RecordpipeError `malformed-example` for a record of a different type
 * @example
 * ```ts
 * import { encodeExample } from 'recordpipe/messages';
 * import { recordJson } from 'recordpipe/check';
 * const record = encodeExample({ x: { kind: 'int64', value: [1] } });
 * console.log([...recordJson(record, 'Example')].join('')); // {"features":{"feature":{"x":{"int64List":{"value":["1"]}}}}}
 * ```
 */
export function recordJson(
  record: Uint8Array,
  type: MessageType,
  { wanted = () => true }: Partial<RecordJsonOptions> = {},
): Generator<string, void, undefined> {
  return pieces(MESSAGES[type](record, wanted));
}

type Wanted = RecordJsonOptions['wanted'];

const MESSAGES: Record<MessageType, (record: Uint8Array, wanted: Wanted) => object> = {
  Example: exampleMessage,
  SequenceExample: (record, wanted) => {
    const { context, featureLists } = decodeSequenceExample(record);
    const lists = chosen(featureLists, wanted).map(
      ([name, steps]) => [name, { feature: filled(steps.map(featureMessage)) }] as const,
    );
    return {
      context: hasFeatures(record) ? featuresMessage(context, wanted) : undefined,
      featureLists: { featureList: lists.length === 0 ? undefined : new Map(lists) },
    };
  },
  ExampleListWithContext: (record, wanted) => {
    const { examples = [], context } = readExampleList(record);
    return {
      examples: filled(examples.map((example) => exampleMessage(example, wanted))),
      context: context && exampleMessage(context, wanted),
    };
  },
  Record: (record) => {
    const { features, label, ...texts } = decodeSageMakerRecord(record, { uint64: 'bigint' });
    return { features: tensorMessages(features), label: tensorMessages(label), ...texts };
  },
  IRHeader: (record) => {
    const { flag, label, id, id2, payload } = unpackIR(record);
    return { flag, label: typeof label === 'number' ? shortFloat(label) || label : label, id, id2, payload };
  },
  Event: (record) => readEvent(record),
};

function exampleMessage(record: Uint8Array, wanted: Wanted): object {
  return { features: hasFeatures(record) ? featuresMessage(decodeExample(record), wanted) : undefined };
}

/** Reports whether an Example or context sets its features, even if they are empty. */
function hasFeatures(record: Uint8Array): boolean {
  const cursor = new FeatureCursor();
  cursor.open(record);
  return cursor.nextName() || cursor.hasFeatures;
}

function featuresMessage(features: ReadonlyMap<string, Feature>, wanted: Wanted): object {
  const entries = chosen(features, wanted).map(([name, one]) => [name, featureMessage(one)] as const);
  return { feature: entries.length === 0 ? undefined : new Map(entries) };
}

function chosen<T>(all: ReadonlyMap<string, T>, wanted: Wanted): [string, T][] {
  return [...all].filter(([name]) => wanted(name));
}

function featureMessage({ kind, value }: Feature): object {
  return kind === 'none' ? {} : { [`${kind}List`]: { value: filled(value) } };
}

const TENSORS = { float32: 'float32Tensor', float64: 'float64Tensor', int32: 'int32Tensor' } as const;

function tensorMessages(values: ReadonlyMap<string, SageMakerValue<'bigint'>>): object | undefined {
  if (values.size === 0) return undefined;
  return new Map([...values].map(([name, one]) => [name, tensorMessage(one)]));
}

function tensorMessage(value: SageMakerValue<'bigint'>): object {
  if (value.kind === 'none') return {};
  const values = filled<ArrayLike<unknown>>(value.values);
  if (value.kind === 'bytes') return { bytes: { value: values, contentType: value.contentType } };
  return { [TENSORS[value.kind]]: { values, keys: filled(value.keys), shape: filled(value.shape) } };
}

/** Returns undefined for an empty list, so that the list is omitted. */
function filled<T extends { readonly length: number }>(list: T): T | undefined {
  return list.length === 0 ? undefined : list;
}

/**
 * Yields the pieces of the JSON text of a value. Undefined fields are omitted. A Map is written as
 * an object, so that no name has a special meaning.
 */
function* pieces(value: unknown): Generator<string, void, undefined> {
  if (value instanceof Uint8Array) yield* base64Pieces(value);
  else if (ArrayBuffer.isView(value)) yield* numberPieces(value as unknown as Numbers);
  else if (Array.isArray(value)) {
    yield '[';
    for (const [i, one] of value.entries()) {
      if (i > 0) yield ',';
      yield* pieces(one);
    }
    yield ']';
  } else if (typeof value === 'object' && value !== null) {
    const entries = value instanceof Map ? value : Object.entries(value);
    let separator = '{';
    for (const [name, held] of entries) {
      if (held === undefined) continue;
      yield `${separator}${JSON.stringify(name)}:`;
      yield* pieces(held);
      separator = ',';
    }
    yield separator === '{' ? '{}' : '}';
  } else yield scalar(value);
}

type Numbers = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array;

function* numberPieces(values: Numbers): Generator<string, void, undefined> {
  const text = values instanceof Float32Array ? (one: number) => scalar(shortFloat(one) || one) : scalar;
  for (let at = 0; at < values.length; at += PIECE_VALUES) {
    const texts = Array.from<number | bigint, string>(
      values.subarray(at, at + PIECE_VALUES),
      text as (one: unknown) => string,
    );
    yield (at === 0 ? '[' : ',') + texts.join(',');
  }
  yield values.length === 0 ? '[]' : ']';
}

function* base64Pieces(bytes: Uint8Array): Generator<string, void, undefined> {
  yield '"';
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, bytes.length - at);
    yield Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('base64');
  }
  yield '"';
}

function scalar(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (typeof value !== 'number') return JSON.stringify(value);
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0.0' : String(value);
}
