import { UsageError } from '../../errors.ts';
import { typeName } from '../arguments.ts';
import { compareBytes, MAX_MESSAGE_BYTES, putHead, sizeOfField } from './lengths.ts';
import { LITTLE_ENDIAN } from './varints.ts';

const utf8 = new TextEncoder();
export const LONE_SURROGATE: RegExp = /\p{Surrogate}/u;

/** Encodes a string as UTF-8. */
export function textBytes(what: string, text: string): Uint8Array {
  if (LONE_SURROGATE.test(text))
    throw new UsageError(
      `${what}: expected text that can be encoded as UTF-8, got a lone surrogate in ${JSON.stringify(text)}`,
    );
  return utf8.encode(text);
}

/** Returns bytes and strings as bytes. */
export function bytesValues(what: string, value: readonly (Uint8Array | string)[]): Uint8Array[] {
  if (!Array.isArray(value))
    throw new UsageError(
      `${what}: expected an array of bytes (Uint8Array) or strings, got ${typeName(value)}`,
    );
  return value.map((one: Uint8Array | string) => {
    if (typeof one === 'string') return textBytes(what, one);
    if (one instanceof Uint8Array) return one;
    throw new UsageError(`${what}: expected bytes (Uint8Array) or strings, got ${typeName(one)}`);
  });
}

/** Returns the bytes of 32-bit floats in protobuf's encoding. */
export function floatBytes(what: string, value: Float32Array | Float64Array | readonly number[]): Uint8Array {
  if (value instanceof Float32Array && LITTLE_ENDIAN)
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  listed(what, value, 'numbers');
  const bytes = new Uint8Array(4 * value.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < value.length; i++) {
    const number = value[i];
    if (typeof number !== 'number')
      throw new UsageError(`${what}: expected numbers, got ${typeName(number)}`);
    if (Number.isFinite(number) && !Number.isFinite(Math.fround(number)))
      throw new UsageError(`${what}: expected numbers in the range of 32-bit floats, got ${number}`);
    view.setFloat32(4 * i, number, true);
  }
  return bytes;
}

/**
 * Checks that a value is a list.
 * @throws UsageError for a value that is neither an array nor a typed array
 */
export function listed(what: string, value: unknown, of: string): void {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value))
    throw new UsageError(`${what}: expected an array of ${of}, got ${typeName(value)}`);
}

/** A part of a message, with its size. */
export interface Part {
  readonly size: number;
  write(writer: MessageWriter): void;
}

const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;

/** A part without bytes. */
export const EMPTY: Part = { size: 0, write: () => undefined };

/**
 * Writes a message from its parts.
 * @param what name of the message, for errors
 */
export function written(what: string, parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const size = sizeOf(parts);
  if (size > MAX_MESSAGE_BYTES) throw new UsageError(`${what}: expected at most 2^31 - 1 bytes, got ${size}`);
  const writer = new MessageWriter(size);
  for (const part of parts) part.write(writer);
  return writer.bytes;
}

/** Returns the total size of the parts. */
export function sizeOf(parts: readonly Part[]): number {
  let size = 0;
  for (const part of parts) size += part.size;
  return size;
}

/** Returns a length-delimited field that contains the parts. */
export function field(tag: number, parts: readonly Part[]): Part {
  const length = sizeOf(parts);
  return {
    size: sizeOfField(length),
    write(writer) {
      writer.head(tag, length);
      for (const part of parts) part.write(writer);
    },
  };
}

/** Returns a length-delimited field that contains the parts, or an empty part if there are none. */
export function optional(tag: number, parts: readonly Part[]): Part {
  return parts.length === 0 ? EMPTY : field(tag, parts);
}

/** Returns a part that contains the bytes unchanged. */
export function bytesPart(bytes: Uint8Array): Part {
  return { size: bytes.length, write: (writer) => writer.append(bytes) };
}

/** Returns a part that contains 64-bit integers as varints, from pairs of words, low word first. */
export function varintsPart(words: Int32Array): Part {
  return { size: varintsSize(words), write: (writer) => writer.varints(words) };
}

/**
 * Returns the entries of a map, each as a field with `tag`. With `deterministic`, they are sorted
 * by the bytes of their names.
 */
export function mapPart<T>(
  tag: number,
  what: string,
  map: ReadonlyMap<string, T> | { readonly [name: string]: T },
  valuePart: (name: string, value: T) => Part,
  deterministic: boolean,
): Part[] {
  if (typeof map !== 'object' || map === null)
    throw new UsageError(`${what}: expected a Map or an object, got ${map === null ? 'null' : typeof map}`);
  const entries = [...(map instanceof Map ? map : Object.entries(map))].map(([name, value]: [string, T]) => ({
    name,
    key: textBytes(what, name),
    value,
  }));
  if (deterministic) entries.sort((a, b) => compareBytes(a.key, b.key));
  return entries.map(({ name, key, value }) =>
    field(tag, [field(FIELD_1, [bytesPart(key)]), field(FIELD_2, [valuePart(name, value)])]),
  );
}

/** Writes parts of protobuf messages to memory of their total size. */
export class MessageWriter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  /** Writes the tag and the length of a length-delimited field. */
  head(tag: number, length: number): void {
    this.#at = putHead(this.bytes, this.#at, tag, length);
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes 64-bit integers as varints, from pairs of words, low word first. */
  varints(words: Int32Array): void {
    const { bytes } = this;
    let at = this.#at;
    for (let i = 0; i < words.length; i += 2) {
      let low = words[i] >>> 0;
      let high = words[i + 1] >>> 0;
      while (high > 0) {
        bytes[at++] = (low & 0x7f) | 0x80;
        low = ((low >>> 7) | (high << 25)) >>> 0;
        high >>>= 7;
      }
      while (low >= 0x80) {
        bytes[at++] = (low & 0x7f) | 0x80;
        low >>>= 7;
      }
      bytes[at++] = low;
    }
    this.#at = at;
  }
}

/** Returns the total size of 64-bit integers as varints, from pairs of words. */
function varintsSize(words: Int32Array): number {
  let size = 0;
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i];
    const high = words[i + 1];
    if (high === 0) {
      size += low >>> 0 < 0x80 ? 1 : Math.ceil((32 - Math.clz32(low)) / 7);
    } else size += Math.ceil((64 - Math.clz32(high)) / 7);
  }
  return size;
}
