/** Wire types of protobuf that lengths of fields follow from. Source of the rules: protobuf.dev, "Encoding". */
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
const GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

const MAX_VARINT_BYTES = 10;
const MAX_TAG = 2 ** 32 - 1;
const MAX_GROUPS = 100;

/** What is wrong with a message, before anybody has said in which record. */
export class WireFault extends Error {
  /** Where in the bytes that were read. */
  readonly at: number;

  constructor(at: number, what: string) {
    super(what);
    this.at = at;
  }
}

/**
 * Reads tags and lengths of protobuf messages. A declared length is compared with what is there before anybody follows it.
 *
 * protobufjs has such a Reader. Importing it makes a bundle 12.6 kB (gzipped) larger, and it makes a number of each float and an object of each integer, which
 * these lists are never read by here. Its compiled messages are what the tests compare with.
 */
export class WireReader {
  bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** An unsigned varint. From 2^53 on it is rounded: no tag and no length survives that. */
  varint(end: number): number {
    const { bytes, at } = this;
    if (at < end) {
      const byte = bytes[at];
      if (byte < 0x80) {
        this.at = at + 1;
        return byte;
      }
    }
    return this.#longVarint(end);
  }

  #longVarint(end: number): number {
    const { bytes, at } = this;
    let value = 0;
    let scale = 1;
    for (let i = at; i < at + MAX_VARINT_BYTES; i++) {
      if (i >= end) throw new WireFault(at, 'wanted a varint, found the end of its message inside it');
      const byte = bytes[i];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.at = i + 1;
        return value;
      }
      scale *= 128;
    }
    throw new WireFault(at, `wanted a varint of at most ${MAX_VARINT_BYTES} bytes, found a longer one`);
  }

  /** A tag: number of the field times 8, plus its wire type. */
  tag(end: number): number {
    const { at } = this;
    const tag = this.varint(end);
    if (tag > MAX_TAG) throw new WireFault(at, `wanted a tag of 32 bits, found ${tag}`);
    if (tag < 8) throw new WireFault(at, 'wanted the number of a field, found 0');
    return tag;
  }

  /** The length before a delimited field; gives where the field ends. */
  fieldEnd(end: number): number {
    const { at } = this;
    const length = this.varint(end);
    const fieldEnd = this.at + length;
    if (fieldEnd > end) {
      throw new WireFault(at, `wanted ${length} bytes, as the length says, found ${end - this.at}`);
    }
    return fieldEnd;
  }

  /** Goes past the value of a field that nobody wants. */
  skip(tag: number, end: number): void {
    const { at } = this;
    let fieldEnd: number;
    switch (tag % 8) {
      case VARINT:
        this.varint(end);
        return;
      case FIXED64:
        fieldEnd = at + 8;
        break;
      case DELIMITED:
        this.at = this.fieldEnd(end);
        return;
      case GROUP:
        this.#skipGroup(Math.floor(tag / 8), end);
        return;
      case FIXED32:
        fieldEnd = at + 4;
        break;
      default:
        throw new WireFault(at, `wanted a field, found wire type ${tag % 8}`);
    }
    if (fieldEnd > end) throw new WireFault(at, `wanted ${fieldEnd - at} bytes, found ${end - at}`);
    this.at = fieldEnd;
  }

  #skipGroup(field: number, end: number): void {
    const open = [field];
    while (open.length > 0) {
      const { at } = this;
      const tag = this.tag(end);
      const type = tag % 8;
      if (type === GROUP) {
        if (open.length === MAX_GROUPS)
          throw new WireFault(at, `found more than ${MAX_GROUPS} nested groups`);
        open.push(Math.floor(tag / 8));
      } else if (type === END_GROUP) {
        const opened = open.pop();
        if (Math.floor(tag / 8) !== opened) {
          throw new WireFault(at, `wanted the end of group ${opened}, found that of ${Math.floor(tag / 8)}`);
        }
      } else {
        this.skip(tag, end);
      }
    }
  }
}
