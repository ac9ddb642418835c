import { UsageError } from '../errors.ts';
import { textBytes } from './message-input.ts';
import { fieldSize, MessageWriter, varintsSize } from './message-writer.ts';

/** A message that knows its size. */
export interface Part {
  readonly size: number;
  write(writer: MessageWriter): void;
}

const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
/** Protobuf's limit. */
const MAX_BYTES = 2 ** 31 - 1;

/** No bytes. */
export const EMPTY: Part = { size: 0, write: () => undefined };

/** The bytes of a message of parts; `what` it is, for errors. */
export function written(what: string, parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const size = sizeOf(parts);
  if (size > MAX_BYTES) throw new UsageError(`${what}: expected at most 2^31 - 1 bytes, got ${size}`);
  const writer = new MessageWriter(size);
  for (const part of parts) part.write(writer);
  return writer.bytes;
}

/** Bytes that parts take together. */
export function sizeOf(parts: readonly Part[]): number {
  let size = 0;
  for (const part of parts) size += part.size;
  return size;
}

/** A delimited field around parts. */
export function field(tag: number, parts: readonly Part[]): Part {
  const length = sizeOf(parts);
  return {
    size: fieldSize(length),
    write(writer) {
      writer.head(tag, length);
      for (const part of parts) part.write(writer);
    },
  };
}

/** A delimited field around parts, if there are any. */
export function optional(tag: number, parts: readonly Part[]): Part {
  return parts.length === 0 ? EMPTY : field(tag, parts);
}

/** Bytes as they are. */
export function bytesPart(bytes: Uint8Array): Part {
  return { size: bytes.length, write: (writer) => writer.append(bytes) };
}

/** 64-bit integers as varints, from their words, the lower one first. */
export function varintsPart(words: Int32Array): Part {
  return { size: varintsSize(words), write: (writer) => writer.varints(words) };
}

/** The entries of a map, each a field with `tag`; with `deterministic`, in the order of the names' bytes. */
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

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
