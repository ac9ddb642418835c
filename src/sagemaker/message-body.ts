import type { WireReader } from '../bytes/wire-reader.ts';

/** The body of a message: of a record, or, where protobuf has us join what lies apart, a copy. */
export interface MessageBody {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The bodies of all fields with `tag` from `from` to the end of a message, joined: what protobuf means by merging. Undefined where there is none. */
export function fieldBody(
  reader: WireReader,
  { bytes, end }: MessageBody,
  from: number,
  tag: number,
): MessageBody | undefined {
  let parts = 0;
  let size = 0;
  let last = from;
  for (let partEnd = nextField(reader, from, end, tag); partEnd >= 0; ) {
    last = reader.at;
    size += partEnd - last;
    parts++;
    partEnd = nextField(reader, partEnd, end, tag);
  }
  if (parts === 0) return undefined;
  if (parts === 1) return { bytes, start: last, end: last + size };
  const joined = new Uint8Array(size);
  let filled = 0;
  for (let partEnd = nextField(reader, from, end, tag); partEnd >= 0; ) {
    joined.set(bytes.subarray(reader.at, partEnd), filled);
    filled += partEnd - reader.at;
    partEnd = nextField(reader, partEnd, end, tag);
  }
  return { bytes: joined, start: 0, end: size };
}

/** Moves `reader` to the body of the next delimited field with `tag`; gives where that ends, or -1. */
export function nextField(reader: WireReader, from: number, end: number, tag: number): number {
  reader.at = from;
  while (reader.at < end) {
    const found = reader.tag(end);
    if (found === tag) return reader.fieldEnd(end);
    reader.skip(found, end);
  }
  return -1;
}
