import protobuf from 'protobufjs';
import type { SageMakerRecord, SageMakerValue } from '../../src/messages/index.ts';

/** record.proto of the SageMaker Python SDK. */
const TENSOR = 'repeated uint64 keys = 2 [packed = true]; repeated uint64 shape = 3 [packed = true];';
const PROTO = `syntax = "proto2";
message Float32Tensor { repeated float values = 1 [packed = true]; ${TENSOR} }
message Float64Tensor { repeated double values = 1 [packed = true]; ${TENSOR} }
message Int32Tensor { repeated int32 values = 1 [packed = true]; ${TENSOR} }
message Bytes { repeated bytes value = 1; optional string content_type = 2; }
message Value { oneof value { Float32Tensor float32 = 2; Float64Tensor float64 = 3; Int32Tensor int32 = 7; Bytes bytes = 9; } }
message Record {
  map<string, Value> features = 1; map<string, Value> label = 2;
  optional string uid = 3; optional string metadata = 4; optional string configuration = 5;
}`;

export const OracleRecord: protobuf.Type = protobuf.parse(PROTO).root.lookupType('Record');

interface PlainTensor {
  readonly values?: readonly number[];
  readonly keys?: readonly string[];
  readonly shape?: readonly string[];
}
interface PlainValue {
  readonly float32?: PlainTensor;
  readonly float64?: PlainTensor;
  readonly int32?: PlainTensor;
  readonly bytes?: { readonly value?: readonly Uint8Array[]; readonly contentType?: string };
}
interface PlainRecord {
  readonly features?: Record<string, PlainValue>;
  readonly label?: Record<string, PlainValue>;
  readonly uid?: string;
  readonly metadata?: string;
  readonly configuration?: string;
}

/** A comparable form of a value: all numbers as strings. */
interface CanonicalValue {
  readonly kind: string;
  readonly values?: string[];
  readonly keys?: string[];
  readonly shape?: string[];
  readonly contentType?: string | undefined;
}
export interface CanonicalRecord {
  readonly features: Record<string, CanonicalValue>;
  readonly label: Record<string, CanonicalValue>;
  readonly texts: (string | undefined)[];
}

/**
 * Decodes a Record with protobufjs.
 * @throws if the record is malformed
 */
export function oracleRecord(record: Uint8Array): CanonicalRecord {
  const plain = OracleRecord.toObject(OracleRecord.decode(record), { longs: String }) as PlainRecord;
  const { features = {}, label = {}, uid, metadata, configuration } = plain;
  return {
    features: mapped(Object.entries(features), fromPlainValue),
    label: mapped(Object.entries(label), fromPlainValue),
    texts: [uid, metadata, configuration],
  };
}

/** Returns the comparable form of a decoded Record. */
export function canonicalRecord(record: SageMakerRecord): CanonicalRecord {
  const { features, label, uid, metadata, configuration } = record;
  return {
    features: mapped([...features], canonicalValue),
    label: mapped([...label], canonicalValue),
    texts: [uid, metadata, configuration],
  };
}

function mapped<T>(
  entries: readonly (readonly [string, T])[],
  one: (value: T) => CanonicalValue,
): Record<string, CanonicalValue> {
  return Object.fromEntries(entries.map(([name, value]) => [name, one(value)]));
}

function fromPlainValue({ bytes, ...tensors }: PlainValue): CanonicalValue {
  if (bytes !== undefined)
    return { kind: 'bytes', values: (bytes.value ?? []).map(hex), contentType: bytes.contentType };
  const [found] = Object.entries(tensors);
  if (found === undefined) return { kind: 'none' };
  const [kind, { values = [], keys = [], shape = [] }] = found;
  return { kind, values: values.map(text), keys: [...keys], shape: [...shape] };
}

export function canonicalValue(value: SageMakerValue): CanonicalValue {
  if (value.kind === 'none') return { kind: 'none' };
  if (value.kind === 'bytes')
    return { kind: 'bytes', values: value.values.map(hex), contentType: value.contentType };
  return {
    kind: value.kind,
    values: Array.from(value.values, text),
    keys: Array.from<number | bigint, string>(value.keys, String),
    shape: Array.from<number | bigint, string>(value.shape, String),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function text(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number);
}
