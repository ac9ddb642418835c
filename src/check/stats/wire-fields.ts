export const MAX_VARINT_BYTES = 10;
const MAX_GROUPS = 100;

/**
 * Steps over the fields of protobuf messages in `bytes`. It allocates nothing and throws nothing: a position of -1 means
 * that the bytes are not a field, or end inside one. `WireReader` explains such faults; this class only finds them.
 */
export class WireFields {
  bytes: Uint8Array = new Uint8Array(0);
  /** Tag of the last field: its number times 8, plus its wire type. */
  tag = 0;
  /** Where the value of the last field begins, for varints and delimited fields. */
  from = 0;
  /** Where a delimited value ends. */
  to = 0;
  /** The last varint; beyond 2^53 it is rounded. */
  number = 0;

  /** Steps over the field at `at`. Returns where the next one begins, or -1. */
  next(at: number, end: number): number {
    let next = this.varint(at, end);
    const tag = this.number;
    if (next < 0 || tag < 8 || tag >= 2 ** 32) return -1;
    this.tag = tag;
    switch (tag & 7) {
      case 0:
        this.from = next;
        return this.varint(next, end);
      case 1:
        return next + 8 <= end ? next + 8 : -1;
      case 2: {
        next = this.varint(next, end);
        if (next < 0 || this.number > end - next) return -1;
        this.from = next;
        this.to = next + this.number;
        return this.to;
      }
      case 3:
        next = this.#group(next, end);
        this.tag = tag;
        return next;
      case 5:
        return next + 4 <= end ? next + 4 : -1;
      default:
        return -1;
    }
  }

  /** Steps over a group, a deprecated kind of field, with all fields inside it. */
  #group(at: number, end: number): number {
    for (let depth = 1, next = at; depth <= MAX_GROUPS; ) {
      const begin = this.varint(next, end);
      if (begin < 0) return -1;
      const wire = this.number & 7;
      if (wire === 3) depth++;
      if (wire === 4) depth--;
      next = wire === 3 || wire === 4 ? begin : this.next(next, end);
      if (next < 0 || depth === 0) return next;
    }
    return -1;
  }

  /** Reads an unsigned varint into `number`. Returns where it ends, or -1. */
  varint(at: number, end: number): number {
    const { bytes } = this;
    if (at < end && bytes[at] < 0x80) {
      this.number = bytes[at];
      return at + 1;
    }
    let value = 0;
    let scale = 1;
    const most = Math.min(end, at + MAX_VARINT_BYTES);
    for (let next = at; next < most; scale *= 128) {
      const byte = bytes[next++];
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      this.number = value;
      return next;
    }
    return -1;
  }
}
