import { findMalformedUtf8 } from '../framing/utf8.ts';
import type { FieldShape, MessageShape, ScalarType } from './message-shapes.ts';
import { shortFloat } from './number-stats.ts';
import { RecordOutline } from './record-outline.ts';
import { WireFields } from './wire-fields.ts';

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
