import protobuf from 'protobufjs';
import type { Feature } from '../../src/messages/index.ts';

/** TensorFlow's example.proto and feature.proto. */
const PROTO = `syntax = "proto3";
message BytesList { repeated bytes value = 1; }
message FloatList { repeated float value = 1; }
message Int64List { repeated int64 value = 1; }
message Feature { oneof kind { BytesList bytes_list = 1; FloatList float_list = 2; Int64List int64_list = 3; } }
message Features { map<string, Feature> feature = 1; }
message Example { Features features = 1; }
message FeatureList { repeated Feature feature = 1; }
message FeatureLists { map<string, FeatureList> feature_list = 1; }
message SequenceExample { Features context = 1; FeatureLists feature_lists = 2; }`;

interface PlainFeature {
  kind?: 'bytesList' | 'floatList' | 'int64List';
  bytesList?: { value: Uint8Array[] };
  floatList?: { value: number[] };
  int64List?: { value: string[] };
}
interface PlainFeatures {
  feature: Record<string, PlainFeature>;
}

const { root } = protobuf.parse(PROTO);
export const OracleExample: protobuf.Type = root.lookupType('Example');
export const OracleSequenceExample: protobuf.Type = root.lookupType('SequenceExample');

/**
 * A comparable form of features: kinds with values, integers as strings, bytes in hexadecimal,
 * floats as their bits.
 */
export type CanonicalFeatures = Record<string, { kind: string; value: string[] }>;

const PLAIN = { longs: String, arrays: true, objects: true, oneofs: true } as const;

/**
 * Decodes an Example with protobufjs.
 * @throws if the record is malformed
 */
export function oracleExample(record: Uint8Array): CanonicalFeatures {
  const plain = OracleExample.toObject(OracleExample.decode(record), PLAIN) as { features?: PlainFeatures };
  return fromPlainFeatures(plain.features);
}

/** Decodes a SequenceExample with protobufjs. */
export function oracleSequenceExample(record: Uint8Array): {
  context: CanonicalFeatures;
  lists: Record<string, CanonicalFeatures[string][]>;
} {
  const plain = OracleSequenceExample.toObject(OracleSequenceExample.decode(record), PLAIN) as {
    context?: PlainFeatures;
    featureLists?: { featureList: Record<string, { feature: PlainFeature[] }> };
  };
  const lists = Object.entries(plain.featureLists?.featureList ?? {});
  return {
    context: fromPlainFeatures(plain.context),
    lists: Object.fromEntries(lists.map(([name, { feature }]) => [name, feature.map(fromPlainFeature)])),
  };
}

function fromPlainFeatures(features: PlainFeatures | undefined): CanonicalFeatures {
  const entries = Object.entries(features?.feature ?? {});
  return Object.fromEntries(entries.map(([name, feature]) => [name, fromPlainFeature(feature)]));
}

function fromPlainFeature({
  kind,
  bytesList,
  floatList,
  int64List,
}: PlainFeature): CanonicalFeatures[string] {
  switch (kind) {
    case 'bytesList':
      return { kind: 'bytes', value: bytesList!.value.map(hex) };
    case 'floatList':
      return { kind: 'float', value: floatList!.value.map(bits) };
    case 'int64List':
      return { kind: 'int64', value: int64List!.value };
    default:
      return { kind: 'none', value: [] };
  }
}

/** Returns the comparable form of decoded features. */
export function canonicalFeatures(features: Iterable<readonly [string, Feature]>): CanonicalFeatures {
  return Object.fromEntries([...features].map(([name, feature]) => [name, canonicalFeature(feature)]));
}

/** Returns the comparable form of one feature. */
export function canonicalFeature({ kind, value }: Feature): CanonicalFeatures[string] {
  switch (kind) {
    case 'bytes':
      return { kind, value: value.map(hex) };
    case 'float':
      return { kind, value: Array.from(value, bits) };
    case 'int64':
      return { kind, value: Array.from<number | bigint, string>(value, String) };
    default:
      return { kind, value: [] };
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/**
 * Returns the bits of a float. All NaNs are equal, because a number does not preserve their bits.
 */
export function bits(float: number): string {
  return Object.is(float, -0) ? '-0' : String(float);
}
