import { findMalformedUtf8 } from '../../formats/utf8.ts';
import { shortFloat } from './number-stats.ts';
import { RecordOutline } from './record-outline.ts';
import { WireFields } from './wire-fields.ts';

/** Types of fields, other than messages. */
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

/** A field of a message. */
export interface FieldShape {
  /** In camel case, as protobuf's JSON mapping names it. */
  readonly name: string;
  readonly type: ScalarType | MessageShape;
  /** A list, or a map from texts to messages. */
  readonly many?: 'list' | 'map';
  /** Names of an enum's values. */
  readonly names?: readonly string[];
}

/** The fields of a message, by number. */
export interface MessageShape {
  readonly [number: number]: FieldShape;
}

function one(name: string, type: FieldShape['type']): FieldShape {
  return { name, type };
}

function list(name: string, type: FieldShape['type']): FieldShape {
  return { name, type, many: 'list' };
}

/** tensorflow.ranking's ExampleListWithContext: the documents of one query. Source: tensorflow_serving/apis/input.proto. */
export const EXAMPLE_LIST_WITH_CONTEXT: MessageShape = {
  1: list('examples', 'Example'),
  2: one('context', 'Example'),
};

const DATA_TYPES =
  'INVALID FLOAT DOUBLE INT32 UINT8 INT16 INT8 STRING COMPLEX64 INT64 BOOL QINT8 QUINT8 QINT32 BFLOAT16 QINT16 QUINT16 UINT16 COMPLEX128 HALF RESOURCE VARIANT UINT32 UINT64';

/** Source: tensorflow/core/framework/tensor.proto and tensor_shape.proto. */
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

/** Source: tensorflow/core/framework/summary.proto. */
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

/** aialgs.data.Record, a record of SageMaker's recordio-protobuf. Source: record.proto of the SageMaker Python SDK. */
export const RECORD: MessageShape = {
  1: { ...one('features', VALUE), many: 'map' },
  2: { ...one('label', VALUE), many: 'map' },
  3: one('uid', 'string'),
  4: one('metadata', 'string'),
  5: one('configuration', 'string'),
};

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

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

/** A message as protobuf's JSON mapping has it, with bytes as views of the record and integers of 64 bits as bigint. */
export type MessageValue = { readonly [field: string]: unknown };

/** Tells whether bytes are a message of a given shape, and reads such messages. */
export class MessageReader extends WireFields {
  readonly #outline = new RecordOutline();

  /**
   * Whether every field in `bytes[from, to)` belongs to the shape, at every depth.
   * @param seen gets the numbers of the fields of the outer message
   */
  matches(shape: MessageShape, bytes: Uint8Array, from: number, to: number, seen?: Set<number>): boolean {
    this.bytes = bytes;
    return this.#matches(shape, from, to, 0, seen);
  }

  #matches(shape: MessageShape, from: number, to: number, depth: number, seen?: Set<number>): boolean {
    if (depth > MAX_DEPTH) return false;
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      if (at < 0) return false;
      const field = shape[this.tag >>> 3];
      if (field === undefined || !this.#isField(field, this.tag & 7, this.from, this.to, depth)) return false;
      seen?.add(this.tag >>> 3);
    }
    return true;
  }

  #isField({ type, many }: FieldShape, wire: number, from: number, to: number, depth: number): boolean {
    const { tag } = this;
    let is: boolean;
    if (typeof type === 'object') {
      is =
        wire === DELIMITED &&
        (many === 'map' ? this.#isEntry(type, from, to, depth) : this.#matches(type, from, to, depth + 1));
    } else if (type === 'Example') {
      const outline = this.#outline;
      is = wire === DELIMITED && outline.read(this.bytes, from, to) && !outline.isSequence && !outline.isOdd;
    } else if (type === 'string') {
      is = wire === DELIMITED && findMalformedUtf8(this.bytes, from, to) < 0;
    } else {
      is =
        wire === WIRE_TYPES[type] ||
        (many === 'list' && wire === DELIMITED && this.#isPacked(type, from, to));
    }
    this.tag = tag;
    return is;
  }

  /** Whether the field is an entry of a map, which has a key and a value. */
  #isEntry(type: MessageShape, from: number, to: number, depth: number): boolean {
    const seen = new Set<number>();
    return (
      this.#matches({ 1: KEY, 2: { name: 'value', type } }, from, to, depth + 1, seen) && seen.size === 2
    );
  }

  #isPacked(type: ScalarType, from: number, to: number): boolean {
    if (type === 'double') return (to - from) % 8 === 0;
    if (type === 'float') return (to - from) % 4 === 0;
    for (let at = from; at < to; ) {
      at = this.varint(at, to);
      if (at < 0) return false;
    }
    return true;
  }

  /** The message in `bytes[from, to)`, after `matches` has accepted it. Examples are their bytes. */
  read(shape: MessageShape, bytes: Uint8Array, from: number, to: number): MessageValue {
    this.bytes = bytes;
    const found: Record<string, unknown> = {};
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      const field = shape[this.tag >>> 3];
      const { name, type, many } = field;
      if (many === 'list') {
        found[name] ??= [];
        this.#readInto(found[name] as unknown[], field, at);
      } else if (typeof type === 'object') found[name] = this.read(type, bytes, this.from, this.to);
      else found[name] = this.#scalar(field, this.#start(type, at), at);
    }
    return found;
  }

  /** Where the value of the field that ends at `end` begins. */
  #start(type: ScalarType, end: number): number {
    return type === 'double' ? end - 8 : type === 'float' ? end - 4 : this.from;
  }

  #readInto(values: unknown[], field: FieldShape, end: number): void {
    const { type } = field;
    if (typeof type === 'object') values.push(this.read(type, this.bytes, this.from, this.to));
    else if ((this.tag & 7) === WIRE_TYPES[type])
      values.push(this.#scalar(field, this.#start(type, end), end));
    else {
      const size = type === 'double' ? 8 : type === 'float' ? 4 : 0;
      const { to } = this;
      for (let at = this.from; at < to; ) {
        const next = size > 0 ? at + size : this.varint(at, to);
        values.push(this.#scalar(field, at, next));
        at = next;
      }
    }
  }

  #scalar({ type, names }: FieldShape, from: number, to: number): unknown {
    const { bytes } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    switch (type) {
      case 'double':
        return view.getFloat64(from, true);
      case 'float':
        return shortFloat(view.getFloat32(from, true));
      case 'string':
        return UTF8.decode(bytes.subarray(this.from, this.to));
      case 'bytes':
      case 'Example':
        return bytes.subarray(this.from, this.to);
      default: {
        const value = varintValue(bytes, from, to);
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

const KEY: FieldShape = { name: 'key', type: 'string' };
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

function varintValue(bytes: Uint8Array, from: number, to: number): bigint {
  let value = 0n;
  for (let at = to - 1; at >= from; at--) value = (value << 7n) | BigInt(bytes[at] & 0x7f);
  return BigInt.asUintN(64, value);
}
