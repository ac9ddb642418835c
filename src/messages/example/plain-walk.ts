import type { Name, NameTable } from './name-table.ts';

/** Tags of delimited fields 1 and 2. */
const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
/** What `next` says. */
export const NO_MORE = 0;
export const FOUND = 1;
export const NOT_PLAIN = 2;
const NOTHING = new Uint8Array(0);

/**
 * Goes through an Example that has the shape in which everybody writes them: one message of features, of each a name and then one list, numbers packed in
 * one run. Of whatever is not so, damage included, it says so, and those that know all shapes begin again: without a call that can fail it takes half
 * the time of theirs.
 */
export class PlainWalk {
  name!: Name;
  /** The tag that says what list it is, which ends at `end`. */
  tag = 0;
  end = 0;
  /** Inside that list. */
  at = 0;
  bytes: Uint8Array = NOTHING;
  // Kept, because asking an array for its buffer takes 22 ns.
  #buffer: ArrayBufferLike = NOTHING.buffer;
  #offset = -1;
  readonly #names: NameTable;

  constructor(names: NameTable) {
    this.#names = names;
  }

  /** Begins with a record; gives what `next` gives. */
  open(record: Uint8Array): number {
    this.bytes = record;
    this.#offset = -1;
    this.#names.begin();
    this.at = this.end = 0;
    if (record.length === 0) return NO_MORE;
    if (record[this.at++] !== FIELD_1 || this.length(record.length) !== record.length) return NOT_PLAIN;
    return this.next();
  }

  /** Lets go of the record. */
  close(): void {
    this.bytes = NOTHING;
    this.#buffer = NOTHING.buffer;
  }

  /** The next feature, if `at` is after the list of the last one. @throws UsageError for a name that is not UTF-8 */
  next(): number {
    const { bytes } = this;
    const end = bytes.length;
    if (this.at === end) return NO_MORE;
    if (bytes[this.at++] !== FIELD_1) return NOT_PLAIN;
    const entryEnd = this.length(end);
    if (entryEnd < 0 || bytes[this.at++] !== FIELD_1) return NOT_PLAIN;
    const nameEnd = this.length(entryEnd);
    if (nameEnd < 0 || nameEnd >= entryEnd || bytes[nameEnd] !== FIELD_2) return NOT_PLAIN;
    this.name = this.#names.find(bytes, this.at, nameEnd);
    this.at = nameEnd + 1;
    if (this.length(entryEnd) !== entryEnd || this.at === entryEnd) return NOT_PLAIN;
    this.tag = bytes[this.at++];
    this.end = entryEnd;
    return this.length(entryEnd) === entryEnd ? FOUND : NOT_PLAIN;
  }

  /** Goes into the run of a list of numbers: whether it is the only thing there. An empty list has none. */
  run(): boolean {
    const { end } = this;
    return this.at === end || (this.bytes[this.at++] === FIELD_1 && this.length(end) === end);
  }

  /** Goes to the next value of a list of bytes; gives its end, or -1. */
  value(): number {
    return this.bytes[this.at++] === FIELD_1 ? this.length(this.end) : -1;
  }

  /** Where the field with this length ends; -1 if that is behind `end`. */
  length(end: number): number {
    const { bytes } = this;
    let { at } = this;
    let length = bytes[at++];
    if (length >= 0x80) {
      length &= 0x7f;
      for (let scale = 128; ; scale *= 128) {
        if (at >= end || scale > 2 ** 35) return -1;
        const byte = bytes[at++];
        length += (byte & 0x7f) * scale;
        if (byte < 0x80) break;
      }
    }
    this.at = at;
    // Where nothing was there, the length is not a number, and in no order.
    return at + length <= end ? at + length : -1;
  }

  /** Where in the memory of the record its byte 0 lies. */
  get offset(): number {
    if (this.#offset < 0) {
      this.#buffer = this.bytes.buffer;
      this.#offset = this.bytes.byteOffset;
    }
    return this.#offset;
  }

  /** That memory, once `offset` was asked for. */
  get buffer(): ArrayBufferLike {
    return this.#buffer;
  }
}
