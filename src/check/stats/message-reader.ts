import { areVarints } from '../../bytes/wire/varints.ts';
import { DELIMITED, FIXED32, FIXED64, VARINT, WireReader } from '../../bytes/wire/wire-reader.ts';
import { findMalformedUtf8 } from '../../formats/utf8.ts';
import { FeatureIndex } from '../../messages/example/feature-index.ts';
import { shortFloat } from './number-stats.ts';

/** Type of a field that is not a message. */
export type ScalarType =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'enum'
  | 'string'
  | 'bytes'
  /** A tf.train.Example. */
  | 'Example';

/** Description of a field of a message. */
export interface FieldShape {
  /** Name of the field in camel case, as in protobuf's JSON mapping. */
  readonly name: string;
  readonly type: ScalarType | MessageShape;
  /** Whether the field is a list, or a map from strings to messages. */
  readonly many?: 'list' | 'map';
  /** Names of the values of an enum. */
  readonly names?: readonly string[];
}

/** Fields of a message, by number. */
export interface MessageShape {
  readonly [number: number]: FieldShape;
}

function one(name: string, type: FieldShape['type']): FieldShape {
  return { name, type };
}

function list(name: string, type: FieldShape['type']): FieldShape {
  return { name, type, many: 'list' };
}

/**
 * TensorFlow Ranking's ExampleListWithContext: the documents of one query. Source:
 * tensorflow_serving/apis/input.proto.
 */
export const EXAMPLE_LIST_WITH_CONTEXT: MessageShape = {
  1: list('examples', 'Example'),
  2: one('context', 'Example'),
};

const DATA_TYPES =
  'INVALID FLOAT DOUBLE INT32 UINT8 INT16 INT8 STRING COMPLEX64 INT64 BOOL QINT8 QUINT8 QINT32 BFLOAT16 QINT16 QUINT16 UINT16 COMPLEX128 HALF RESOURCE VARIANT UINT32 UINT64';

/** A tensor. Source: tensorflow/core/framework/tensor.proto and tensor_shape.proto. */
const TENSOR: MessageShape = {
  1: { ...one('dtype', 'enum'), names: DATA_TYPES.split(' ').map((name) => `DT_${name}`) },
  2: one('tensorShape', {
    2: list('dim', { 1: one('size', 'int64'), 2: one('name', 'string') }),
    3: one('unknownRank', 'bool'),
  }),
  3: one('versionNumber', 'int32'),
  4: one('tensorContent', 'bytes'),
  5: list('floatVal', 'float'),
  6: list('doubleVal', 'double'),
  7: list('intVal', 'int32'),
  8: list('stringVal', 'bytes'),
  9: list('scomplexVal', 'float'),
  10: list('int64Val', 'int64'),
  11: list('boolVal', 'bool'),
  12: list('dcomplexVal', 'double'),
  13: list('halfVal', 'int32'),
  16: list('uint32Val', 'uint64'),
  17: list('uint64Val', 'uint64'),
};

/** A value of a summary. Source: tensorflow/core/framework/summary.proto. */
const SUMMARY_VALUE: MessageShape = {
  1: one('tag', 'string'),
  2: one('simpleValue', 'float'),
  3: one('obsoleteOldStyleHistogram', 'bytes'),
  4: one('image', {
    1: one('height', 'int32'),
    2: one('width', 'int32'),
    3: one('colorspace', 'int32'),
    4: one('encodedImageString', 'bytes'),
  }),
  5: one('histo', {
    1: one('min', 'double'),
    2: one('max', 'double'),
    3: one('num', 'double'),
    4: one('sum', 'double'),
    5: one('sumSquares', 'double'),
    6: list('bucketLimit', 'double'),
    7: list('bucket', 'double'),
  }),
  6: one('audio', {
    1: one('sampleRate', 'float'),
    2: one('numChannels', 'int64'),
    3: one('lengthFrames', 'int64'),
    4: one('encodedAudioString', 'bytes'),
    5: one('contentType', 'string'),
  }),
  7: one('nodeName', 'string'),
  8: one('tensor', TENSOR),
  9: one('metadata', {
    1: one('pluginData', { 1: one('pluginName', 'string'), 2: one('content', 'bytes') }),
    2: one('displayName', 'string'),
    3: one('summaryDescription', 'string'),
    4: {
      ...one('dataClass', 'enum'),
      names: ['UNKNOWN', 'SCALAR', 'TENSOR', 'BLOB_SEQUENCE'].map((name) => `DATA_CLASS_${name}`),
    },
  }),
};

/** A record of a TensorBoard event file. Source: tensorflow/core/util/event.proto. */
export const EVENT: MessageShape = {
  1: one('wallTime', 'double'),
  2: one('step', 'int64'),
  3: one('fileVersion', 'string'),
  4: one('graphDef', 'bytes'),
  5: one('summary', { 1: list('value', SUMMARY_VALUE) }),
  6: one('logMessage', { 1: one('level', 'enum'), 2: one('message', 'string') }),
  7: one('sessionLog', {
    1: { ...one('status', 'enum'), names: ['STATUS_UNSPECIFIED', 'START', 'STOP', 'CHECKPOINT'] },
    2: one('checkpointPath', 'string'),
    3: one('msg', 'string'),
  }),
  8: one('taggedRunMetadata', { 1: one('tag', 'string'), 2: one('runMetadata', 'bytes') }),
  9: one('metaGraphDef', 'bytes'),
  10: one('sourceMetadata', { 1: one('writer', 'string') }),
};

function tensorOf(type: ScalarType): MessageShape {
  return { 1: list('values', type), 2: list('keys', 'uint64'), 3: list('shape', 'uint64') };
}

const VALUE: MessageShape = {
  2: one('float32Tensor', tensorOf('float')),
  3: one('float64Tensor', tensorOf('double')),
  7: one('int32Tensor', tensorOf('int32')),
  9: one('bytes', { 1: list('value', 'bytes'), 2: one('contentType', 'string') }),
};

/**
 * aialgs.data.Record, a record of SageMaker's recordio-protobuf. Source: record.proto of the
 * SageMaker Python SDK.
 */
export const RECORD: MessageShape = {
  1: { ...one('features', VALUE), many: 'map' },
  2: { ...one('label', VALUE), many: 'map' },
  3: one('uid', 'string'),
  4: one('metadata', 'string'),
  5: one('configuration', 'string'),
};

const WIRE_TYPES: Record<ScalarType, number> = {
  double: FIXED64,
  float: FIXED32,
  int32: VARINT,
  int64: VARINT,
  uint64: VARINT,
  bool: VARINT,
  enum: VARINT,
  string: DELIMITED,
  bytes: DELIMITED,
  Example: DELIMITED,
};
const MAX_DEPTH = 8;

/**
 * A message in protobuf's JSON mapping, except that bytes are views of the record and 64-bit
 * integers are bigints.
 */
export type MessageValue = { readonly [field: string]: unknown };

/** Determines whether bytes are a message of a given shape, and reads such messages. */
export class MessageReader extends WireReader {
  readonly #index = new FeatureIndex();

  /**
   * Reports whether every field at [from, to) of `bytes` belongs to the shape, at every depth.
   *
   * @param seen receives the numbers of the fields of the outer message
   */
  matches(shape: MessageShape, bytes: Uint8Array, from: number, to: number, seen?: Set<number>): boolean {
    this.reset(bytes, from);
    return this.#matches(shape, to, 0, seen);
  }

  /**
   * Reads the message at [from, to) of `bytes`, which `matches` has accepted. Examples are returned
   * as bytes.
   */
  read(shape: MessageShape, bytes: Uint8Array, from: number, to: number): MessageValue {
    this.reset(bytes, from);
    return this.#read(shape, to);
  }

  #matches(shape: MessageShape, end: number, depth: number, seen?: Set<number>): boolean {
    if (depth > MAX_DEPTH) return false;
    while (this.step(end)) {
      const { at } = this;
      const number = this.tag >>> 3;
      const field = shape[number];
      if (field === undefined || !this.#isField(field, depth)) return false;
      seen?.add(number);
      this.at = at;
    }
    return this.fault === undefined;
  }

  #isField({ type, many }: FieldShape, depth: number): boolean {
    const { bytes, start, end } = this;
    const wire = this.tag & 7;
    if (typeof type === 'string') {
      if (type === 'string') return wire === DELIMITED && findMalformedUtf8(bytes, start, end) < 0;
      if (type !== 'Example')
        return wire === WIRE_TYPES[type] || (many === 'list' && wire === DELIMITED && this.#isPacked(type));
      const index = this.#index;
      return wire === DELIMITED && index.read(bytes, start, end) && !index.isSequence && !index.isOdd;
    }
    if (wire !== DELIMITED) return false;
    this.at = start;
    if (many !== 'map') return this.#matches(type, end, depth + 1);
    const seen = new Set<number>();
    return this.#matches({ 1: KEY, 2: { name: 'value', type } }, end, depth + 1, seen) && seen.size === 2;
  }

  #isPacked(type: ScalarType): boolean {
    const size = WIRE_SIZES[WIRE_TYPES[type]];
    if (size !== undefined) return (this.end - this.start) % size === 0;
    return areVarints(this.bytes, this.start, this.end);
  }

  #read(shape: MessageShape, end: number): MessageValue {
    const found: Record<string, unknown> = {};
    while (this.step(end)) {
      const { at } = this;
      const field = shape[this.tag >>> 3];
      if (field.many === 'list') {
        found[field.name] ??= [];
        this.#readInto(found[field.name] as unknown[], field);
      } else found[field.name] = this.#value(field);
      this.at = at;
    }
    return found;
  }

  #value({ type, names }: FieldShape): unknown {
    if (typeof type === 'string') return this.#scalar(type, names, this.start, this.end);
    this.at = this.start;
    return this.#read(type, this.end);
  }

  #readInto(values: unknown[], field: FieldShape): void {
    const { type, names } = field;
    const { end } = this;
    if (typeof type === 'object' || (this.tag & 7) === WIRE_TYPES[type]) values.push(this.#value(field));
    else {
      const size = WIRE_SIZES[WIRE_TYPES[type]];
      this.at = this.start;
      while (this.at < end) {
        const { at } = this;
        if (size === undefined) this.varint(end);
        else this.at += size;
        values.push(this.#scalar(type, names, at, this.at));
      }
    }
  }

  #scalar(type: ScalarType, names: readonly string[] | undefined, start: number, end: number): unknown {
    const { bytes } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    switch (type) {
      case 'double':
        return view.getFloat64(start, true);
      case 'float':
        return shortFloat(view.getFloat32(start, true));
      case 'string':
        return UTF8.decode(bytes.subarray(start, end));
      case 'bytes':
      case 'Example':
        return bytes.subarray(start, end);
      default: {
        const value = varintValue(bytes, start, end);
        if (type === 'uint64') return value;
        const signed = BigInt.asIntN(64, value);
        if (type === 'int64') return signed;
        if (type === 'bool') return value !== 0n;
        const number = Number(BigInt.asIntN(32, value));
        return type === 'enum' ? (names?.[number] ?? number) : number;
      }
    }
  }
}

/** Size of a value of each fixed-size wire type, in bytes. */
const WIRE_SIZES: { readonly [wire: number]: number | undefined } = { [FIXED64]: 8, [FIXED32]: 4 };
const KEY: FieldShape = { name: 'key', type: 'string' };
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

function varintValue(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let at = end - 1; at >= start; at--) value = (value << 7n) | BigInt(bytes[at] & 0x7f);
  return BigInt.asUintN(64, value);
}
