import { decodeExample, decodeSequenceExample } from '../example/decode-example.ts';
import type { Feature } from '../example/feature.ts';
import { shortFloat } from './number-stats.ts';
import { RecordOutline } from './record-outline.ts';

/** What a record is, by its content. */
export type RecordMessage =
  | { readonly message: 'Example' | 'SequenceExample' }
  /** Neither: why. */
  | { readonly message: undefined; readonly why: string };

let shared: RecordOutline | undefined;

/**
 * Whether a record is an Example or a SequenceExample. Both are written alike up to the feature lists, so that a SequenceExample without any is an Example. Empty records are
 * Examples without features.
 *
 * @example
 * ```ts
 * import { encodeExample } from 'recordpipe/example';
 * import { recordMessage } from 'recordpipe/stats';
 * console.log(recordMessage(encodeExample({ x: { kind: 'int64', value: [1] } }))); // { message: 'Example' }
 * ```
 */
export function recordMessage(record: Uint8Array): RecordMessage {
  const outline = outlineOf(record);
  if (outline.problem !== '') return { message: undefined, why: outline.problem };
  return { message: outline.isSequence ? 'SequenceExample' : 'Example' };
}

/**
 * A record in protobuf's canonical JSON mapping, as `google.protobuf.json_format.MessageToJson` writes it: names of fields in camel case, int64 as decimal text, bytes as base64 with
 * padding, floats with digits that give the same 32 bits, the fewest, `"NaN"`, `"Infinity"` and `"-Infinity"` as text, unset fields left out. On one line; features in the order of the
 * record. Undefined for a record that is neither Example nor SequenceExample.
 *
 * @param names the features and feature lists that are wanted; default: all
 * @example
 * ```ts
 * import { encodeExample } from 'recordpipe/example';
 * import { exampleJson } from 'recordpipe/stats';
 * const record = encodeExample({ x: { kind: 'int64', value: [1] } });
 * console.log(exampleJson(record)); // {"features":{"feature":{"x":{"int64List":{"value":["1"]}}}}}
 * ```
 */
export function exampleJson(record: Uint8Array, names?: readonly string[]): string | undefined {
  const { problem, isSequence, hasFeatures } = outlineOf(record);
  if (problem !== '') return undefined;
  const wanted = (name: string): boolean => names === undefined || names.includes(name);
  if (!isSequence)
    return object({ features: hasFeatures ? features(decodeExample(record), wanted) : undefined });
  const { context, featureLists } = decodeSequenceExample(record);
  const lists = [...featureLists].flatMap(([name, steps]) =>
    wanted(name) ? [`${JSON.stringify(name)}:${object({ feature: list(steps.map(featureJson)) })}`] : [],
  );
  return object({
    context: hasFeatures ? features(context, wanted) : undefined,
    featureLists: object({ featureList: map(lists) }),
  });
}

function outlineOf(record: Uint8Array): RecordOutline {
  shared ??= new RecordOutline();
  shared.read(record, 0, record.length);
  shared.bytes = NOTHING;
  return shared;
}

const NOTHING = new Uint8Array(0);

function features(all: Map<string, Feature>, wanted: (name: string) => boolean): string {
  const entries = [...all].filter(([name]) => wanted(name));
  return object({
    feature: map(entries.map(([name, one]) => `${JSON.stringify(name)}:${featureJson(one)}`)),
  });
}

function featureJson(feature: Feature): string {
  switch (feature.kind) {
    case 'int64':
      return object({
        int64List: object({
          value: list(Array.from<number | bigint, string>(feature.value, (one) => `"${one}"`)),
        }),
      });
    case 'float':
      return object({ floatList: object({ value: list(Array.from(feature.value, floatJson)) }) });
    case 'bytes':
      return object({ bytesList: object({ value: list(feature.value.map((one) => `"${base64(one)}"`)) }) });
    default:
      return '{}';
  }
}

function floatJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0.0' : String(shortFloat(value));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Fields that are not set are left out. */
function object(fields: Record<string, string | undefined>): string {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `{${set.map(([name, value]) => `"${name}":${value}`).join(',')}}`;
}

function list(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : `[${values.join(',')}]`;
}

function map(entries: readonly string[]): string | undefined {
  return entries.length === 0 ? undefined : `{${entries.join(',')}}`;
}
