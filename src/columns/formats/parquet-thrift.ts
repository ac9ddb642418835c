/**
 * Values of Thrift's compact protocol, in which Parquet stores its metadata. Unknown fields are kept,
 * so that metadata can be changed and written again. The source of the protocol is
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
 *
 * @module
 */

/** Types of values, as numbered by the protocol. */
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const MAP = 11;
const STRUCT = 12;

/** Maximum depth of nested values. Parquet needs 10. */
const MAX_DEPTH = 32;

/** A value and its type. */
export interface ThriftField {
  readonly type: number;
  value: ThriftValue;
}

export type ThriftValue = boolean | number | bigint | Uint8Array | ThriftList | ThriftStruct;

/** A struct: its fields by number. */
export type ThriftStruct = Map<number, ThriftField>;

export interface ThriftList {
  /** Type of the items. */
  readonly items: number;
  values: ThriftValue[];
}

/** Reads values, and knows where the last one ended. @throws RangeError if they are corrupt */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  /** Position of the next byte. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth = 0): ThriftStruct {
    if (depth > MAX_DEPTH) throw new RangeError('the metadata is nested too deeply');
    const fields: ThriftStruct = new Map();
    for (let id = 0; ; ) {
      const head = this.#byte();
      if (head === 0) return fields;
      const type = head & 15;
      id = head >> 4 === 0 ? Number(this.#int()) : id + (head >> 4);
      fields.set(id, { type, value: type <= FALSE ? type === TRUE : this.#value(type, depth + 1) });
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case TRUE:
      case FALSE:
        return this.#byte() === TRUE;
      case BYTE:
        return this.#byte();
      case I16:
      case I32:
      case I64:
        return this.#int();
      case DOUBLE:
        return this.#take(8);
      case BINARY:
        return this.#take(this.#length());
      case LIST:
      case SET:
        return this.#list(depth);
      case STRUCT:
        return this.struct(depth);
      default:
        throw new RangeError(
          type === MAP ? 'the metadata has a map' : `the metadata has a value of type ${type}`,
        );
    }
  }

  #list(depth: number): ThriftList {
    if (depth > MAX_DEPTH) throw new RangeError('the metadata is nested too deeply');
    const head = this.#byte();
    const items = head & 15;
    const count = head >> 4 === 15 ? this.#length() : head >> 4;
    const values: ThriftValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.#value(items, depth + 1));
    return { items, values };
  }

  /** Returns a length. Each item has at least one byte, so corrupt lengths end early. */
  #length(): number {
    const length = Number(this.#varint());
    if (length > this.#bytes.length - this.at) throw new RangeError('a length is out of range');
    return length;
  }

  #int(): number | bigint {
    const value = this.#varint();
    if (typeof value === 'number') return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    return (value >> 1n) ^ -(value & 1n);
  }

  /** Returns an unsigned number, as a bigint if it has more than 49 bits. */
  #varint(): number | bigint {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++, scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    let long = BigInt(value);
    for (let i = 7n; i < 10n; i++) {
      const byte = this.#byte();
      long += BigInt(byte & 127) << (7n * i);
      if (byte < 128) return BigInt.asUintN(64, long);
    }
    throw new RangeError('a number is too long');
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw new RangeError('the metadata ends early');
    return this.#bytes[this.at++];
  }

  /** Returns a copy, so that the metadata does not keep the memory of the data around it. */
  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw new RangeError('the metadata ends early');
    this.at += length;
    return this.#bytes.slice(this.at - length, this.at);
  }
}

/** Returns the bytes of a struct. */
export function thriftBytes(struct: ThriftStruct): Uint8Array {
  const writer = new ThriftWriter();
  writer.struct(struct);
  return writer.bytes();
}

class ThriftWriter {
  #bytes = new Uint8Array(1024);
  #end = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  struct(fields: ThriftStruct): void {
    let last = 0;
    for (const [id, { type, value }] of [...fields].sort(([a], [b]) => a - b)) {
      const written = type <= FALSE ? (value ? TRUE : FALSE) : type;
      const step = id - last;
      if (step > 0 && step < 16) this.#byte((step << 4) | written);
      else {
        this.#byte(written);
        this.#int(id);
      }
      last = id;
      if (type > FALSE) this.#value(type, value);
    }
    this.#byte(0);
  }

  #value(type: number, value: ThriftValue): void {
    switch (type) {
      case TRUE:
      case FALSE:
        this.#byte(value ? TRUE : FALSE);
        break;
      case BYTE:
        this.#byte(value as number);
        break;
      case I16:
      case I32:
      case I64:
        this.#int(value as number | bigint);
        break;
      case DOUBLE:
        this.#append(value as Uint8Array);
        break;
      case BINARY:
        this.#varint((value as Uint8Array).length);
        this.#append(value as Uint8Array);
        break;
      case STRUCT:
        this.struct(value as ThriftStruct);
        break;
      default: {
        const { items, values } = value as ThriftList;
        this.#byte((Math.min(values.length, 15) << 4) | items);
        if (values.length >= 15) this.#varint(values.length);
        for (const item of values) this.#value(items, item);
      }
    }
  }

  #int(value: number | bigint): void {
    if (typeof value === 'number') this.#varint(value < 0 ? -2 * value - 1 : 2 * value);
    else this.#varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  #varint(value: number | bigint): void {
    let rest = value;
    while (rest >= 128) {
      this.#byte(Number(typeof rest === 'number' ? rest % 128 : rest & 127n) | 128);
      rest = typeof rest === 'number' ? Math.floor(rest / 128) : rest >> 7n;
    }
    this.#byte(Number(rest));
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = byte;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.#end + size));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Returns a field that contains a list of structs. */
export function structList(values: ThriftStruct[]): ThriftField {
  return { type: LIST, value: { items: STRUCT, values } };
}

/** Returns a field that contains an integer of 32 or 64 bits. */
export function intField(value: number, bits: 32 | 64): ThriftField {
  return { type: bits === 32 ? I32 : I64, value };
}

/** Returns a field that contains text or bytes. */
export function bytesField(value: string | Uint8Array): ThriftField {
  return { type: BINARY, value: typeof value === 'string' ? new TextEncoder().encode(value) : value };
}

/** Returns the number in a field, or undefined if it has none. Numbers are exact up to 2^53. */
export function numberAt(struct: ThriftStruct, id: number): number | undefined {
  const value = struct.get(id)?.value;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

/** Returns the text in a field. */
export function textAt(struct: ThriftStruct, id: number): string | undefined {
  const value = struct.get(id)?.value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

/** Returns the structs in a list; none if the field is missing. */
export function structsAt(struct: ThriftStruct, id: number): ThriftStruct[] {
  const value = struct.get(id)?.value;
  if (value === undefined) return [];
  const values = (value as ThriftList).values ?? [];
  if (!values.every((one) => one instanceof Map))
    throw new RangeError(`field ${id} of the metadata is corrupt`);
  return values as ThriftStruct[];
}

/** Returns the struct in a field. */
export function structAt(struct: ThriftStruct, id: number): ThriftStruct | undefined {
  const value = struct.get(id)?.value;
  return value instanceof Map ? value : undefined;
}
