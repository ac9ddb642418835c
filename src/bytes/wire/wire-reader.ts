/** Wire types of protobuf, as defined in "Encoding" at protobuf.dev. */
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
const GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

export const MAX_VARINT_BYTES = 10;
const MAX_TAG = 2 ** 32 - 1;
const MAX_GROUPS = 100;
const NOTHING = new Uint8Array(0);

/** A defect of a message, and its position in the bytes. */
export interface Fault {
  readonly at: number;
  readonly message: string;
}

/** A {@link Fault} as an error, before the record and the file are known. */
export class WireFault extends Error implements Fault {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/**
 * Reads the fields of protobuf messages one by one, without allocating memory. It checks each
 * declared length before following it. `step` reports damage in `fault`; `nextField` throws it.
 *
 * protobufjs has a similar reader, but it adds 12.6 kB (gzipped) to a bundle, and creates a number
 * for each float and an object for each integer. Tests compare the results with those of
 * protobufjs.
 */
export class WireReader {
  bytes: Uint8Array;
  /** Index of the next field. */
  at = 0;
  /** Tag of the current field: its number times 8, plus its wire type. */
  tag = 0;
  /** Index of the first byte of the field's value, which is [start, end) of `bytes`. */
  start = 0;
  end = 0;
  fault: Fault | undefined;

  constructor(bytes: Uint8Array = NOTHING) {
    this.bytes = bytes;
  }

  /** Starts reading `bytes` at index `at`. */
  reset(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
    this.fault = undefined;
  }

  /**
   * Advances to the next field of the message that ends at `limit`. Returns false at its end.
   *
   * @throws WireFault for a damaged message
   */
  nextField(limit: number): boolean {
    if (this.step(limit)) return true;
    this.check();
    return false;
  }

  /**
   * Throws the damage that `step` has found, if any.
   * @throws WireFault if `step` has found damage
   */
  check(): void {
    const { fault } = this;
    if (fault !== undefined) throw new WireFault(fault.at, fault.message);
  }

  /**
   * Advances to the next field of the message that ends at `limit`. Returns false at its end or on
   * damage, and sets `fault` on damage.
   */
  step(limit: number): boolean {
    if (this.at >= limit) return false;
    const tag = this.#readTag(limit);
    if (tag < 0) return false;
    const isWhole = (tag & 7) === GROUP ? this.#skipGroup(tag >>> 3, limit) : this.#skipValue(tag, limit);
    this.tag = tag;
    this.end = this.at;
    return isWhole;
  }

  /** Reports damage by setting `fault`. */
  fail(at: number, message: string): false {
    this.fault = { at, message };
    return false;
  }

  /**
   * Reads an unsigned varint. Returns -1 if it is damaged. Values of 2^53 and more are rounded,
   * which is harmless: no tag and no length is that large.
   */
  varint(limit: number): number {
    const { bytes, at } = this;
    if (at < limit && bytes[at] < 0x80) {
      this.at = at + 1;
      return bytes[at];
    }
    let value = 0;
    let scale = 1;
    for (let i = at; i < at + MAX_VARINT_BYTES; i++) {
      if (i >= limit) {
        this.fail(at, 'expected a varint, but its message is truncated');
        return -1;
      }
      const byte = bytes[i];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.at = i + 1;
        return value;
      }
      scale *= 128;
    }
    this.fail(at, `expected a varint of at most ${MAX_VARINT_BYTES} bytes, got a longer varint`);
    return -1;
  }

  /**
   * Returns the end of the length-delimited value whose length is at `at`, and sets `start`.
   * Returns -1 if the value does not end by `limit`. This is the fast path for common layouts;
   * `step` reports the cause of a failure.
   */
  delimitedEnd(at: number, limit: number): number {
    const { bytes } = this;
    let length = bytes[at++];
    if (length >= 0x80) {
      const next = bytes[at++];
      if (next >= 0x80) return this.#longDelimitedEnd(at - 2, limit);
      length = (length & 0x7f) | (next << 7);
    }
    this.start = at;
    // If the length lies past the end of the memory, it is undefined, and this comparison is false.
    return at + length <= limit ? at + length : -1;
  }

  #longDelimitedEnd(at: number, limit: number): number {
    const { bytes } = this;
    let length = bytes[at++] & 0x7f;
    for (let scale = 128; ; scale *= 128) {
      if (at >= limit || scale > 2 ** 35) return -1;
      const byte = bytes[at++];
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    this.start = at;
    return at + length <= limit ? at + length : -1;
  }

  #readTag(limit: number): number {
    const { at } = this;
    const tag = this.varint(limit);
    if (tag >= 8 && tag <= MAX_TAG) return tag;
    if (tag > MAX_TAG) this.fail(at, `expected a 32-bit tag, got ${tag}`);
    else if (tag >= 0) this.fail(at, 'expected a field number, got 0');
    return -1;
  }

  /** Advances past the value of a field that is not a group, and sets `start`. */
  #skipValue(tag: number, limit: number): boolean {
    const { at } = this;
    this.start = at;
    switch (tag & 7) {
      case VARINT:
        return this.varint(limit) >= 0;
      case DELIMITED: {
        const length = this.varint(limit);
        if (length < 0) return false;
        this.start = this.at;
        if (length > limit - this.at)
          return this.fail(at, `expected ${length} bytes, as the length declares, got ${limit - this.at}`);
        this.at += length;
        return true;
      }
      case FIXED64:
        return this.#skipFixed(8, limit);
      case FIXED32:
        return this.#skipFixed(4, limit);
      default:
        return this.fail(at, `expected a field, got wire type ${tag & 7}`);
    }
  }

  #skipFixed(size: number, limit: number): boolean {
    const { at } = this;
    if (size > limit - at) return this.fail(at, `expected ${size} bytes, got ${limit - at}`);
    this.at = at + size;
    return true;
  }

  /** Skips a group, which is a deprecated kind of field, including all fields inside it. */
  #skipGroup(field: number, limit: number): boolean {
    const begin = this.at;
    const open = [field];
    while (open.length > 0) {
      const { at } = this;
      const tag = this.#readTag(limit);
      if (tag < 0) return false;
      const inner = tag >>> 3;
      if ((tag & 7) === GROUP) {
        if (open.length === MAX_GROUPS)
          return this.fail(at, `expected at most ${MAX_GROUPS} nested groups, got more`);
        open.push(inner);
      } else if ((tag & 7) === END_GROUP) {
        const opened = open.pop();
        if (inner !== opened)
          return this.fail(at, `expected the end of group ${opened}, got the end of group ${inner}`);
      } else if (!this.#skipValue(tag, limit)) return false;
    }
    this.start = begin;
    return true;
  }
}
