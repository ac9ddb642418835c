import { longVarint, varintsInto } from '../../bytes/wire/varints.ts';
import { WireFault, WireReader } from '../../bytes/wire/wire-reader.ts';

/** Tags of `value`, field 1 of each kind of list: packed or bytes, one varint, one float. */
const DELIMITED_1 = 0x0a;
const VARINT_1 = 0x08;
const FLOAT_1 = 0x0d;
/** From so many floats on, copying them at once is quicker than word by word. */
const LONG_RUN = 64;
const NOTHING = new Uint8Array(0);

/** Reads the body of one BytesList, FloatList or Int64List. Nearly all are one packed run; any other mixture is read as well. */
export class ListReader extends WireReader {
  tf = false;
  #start = 0;
  #end = 0;
  /** The one packed run, where there is just one and nothing else. */
  #runStart = 0;
  #runEnd = -1;
  /** Runs found so far by one pass: TensorFlow knows one, or values one by one. */
  #runs = 0;
  #singles = 0;
  /** Of which bytes buffer and offset are kept, because asking for the former takes 22 ns. */
  #viewed: Uint8Array = NOTHING;
  #buffer: ArrayBufferLike = NOTHING.buffer;
  #byteOffset = 0;

  constructor() {
    super(NOTHING);
  }

  /** Reads [start, end) of `body` from now on. */
  open(body: Uint8Array, start: number, end: number): void {
    this.bytes = body;
    this.#start = start;
    this.#end = end;
    this.#runEnd = -1;
    if (start < end && body[start] === DELIMITED_1) {
      this.at = start + 1;
      if (this.fieldEnd(end) === end) {
        this.#runStart = this.at;
        this.#runEnd = end;
      }
    }
  }

  close(): void {
    this.bytes = this.#viewed = NOTHING;
    this.#buffer = NOTHING.buffer;
  }

  /** How many values a BytesList has. */
  countBytes(): number {
    const end = this.#end;
    let count = 0;
    this.at = this.#start;
    while (this.at < end) {
      const tag = this.tag(end);
      if (tag !== DELIMITED_1) {
        this.#pass(tag);
        continue;
      }
      this.at = this.fieldEnd(end);
      count++;
    }
    return count;
  }

  /** (start, length) in `bytes` of each value of a BytesList into `into`, from `to` on; gives where the next goes. */
  bytesInto(into: Uint32Array | number[], to: number): number {
    const end = this.#end;
    this.at = this.#start;
    while (this.at < end) {
      const tag = this.tag(end);
      if (tag !== DELIMITED_1) {
        this.#pass(tag);
        continue;
      }
      const valueEnd = this.fieldEnd(end);
      into[to++] = this.at;
      into[to++] = valueEnd - this.at;
      this.at = valueEnd;
    }
    return to;
  }

  /** The values of a BytesList as views. */
  views(): Uint8Array[] {
    const values: Uint8Array[] = [];
    this.viewsInto(values, 0);
    return values;
  }

  /** The same into `values`, from `to` on; gives where the next goes. */
  viewsInto(values: Uint8Array[], to: number): number {
    const { bytes } = this;
    if (bytes !== this.#viewed) {
      this.#viewed = bytes;
      this.#buffer = bytes.buffer;
      this.#byteOffset = bytes.byteOffset;
    }
    // Nearly always it is one.
    if (this.#runEnd > this.#runStart) {
      values[to] = new Uint8Array(
        this.#buffer,
        this.#byteOffset + this.#runStart,
        this.#runEnd - this.#runStart,
      );
      return to + 1;
    }
    const end = this.#end;
    this.at = this.#start;
    while (this.at < end) {
      const tag = this.tag(end);
      if (tag !== DELIMITED_1) {
        this.#pass(tag);
        continue;
      }
      const valueEnd = this.fieldEnd(end);
      // Views of nothing are one: a view takes 100 bytes of memory, and an empty value two of a message.
      values[to++] =
        valueEnd === this.at
          ? NOTHING
          : new Uint8Array(this.#buffer, this.#byteOffset + this.at, valueEnd - this.at);
      this.at = valueEnd;
    }
    return to;
  }

  /** How many values a FloatList has. */
  countFloats(): number {
    if (this.#runEnd >= 0) return this.#floatsIn(this.#runStart, this.#runEnd);
    let count = 0;
    this.#begin();
    while (this.#next(FLOAT_1)) count += this.#runEnd < 0 ? 1 : this.#floatsIn(this.#runStart, this.#runEnd);
    this.#runEnd = -1;
    return count;
  }

  /** Where the only packed run of floats begins; -1 where it is not the only one. */
  onlyRun(): number {
    return this.#runEnd < 0 ? -1 : this.#runStart;
  }

  /**
   * The bits of each float as a word into `words`, from `to` on; gives where the next goes. Values that there is no room for are not written. With the
   * bytes of `words`, long runs are copied at once.
   */
  floatsInto(words: Int32Array, to: number, bytes?: Uint8Array): number {
    if (this.#runEnd >= 0) {
      const start = this.#runStart;
      const count = this.#floatsIn(start, this.#runEnd);
      if (count < LONG_RUN || bytes === undefined || to + count > words.length) return this.#run(words, to);
      bytes.set(this.bytes.subarray(start, start + 4 * count), 4 * to);
      return to + count;
    }
    this.#begin();
    while (this.#next(FLOAT_1)) {
      if (this.#runEnd < 0) words[to++] = word(this.bytes, this.at - 4);
      else to = this.#run(words, to);
    }
    this.#runEnd = -1;
    return to;
  }

  #run(words: Int32Array, to: number): number {
    const { bytes } = this;
    const end = this.#runEnd;
    for (let at = this.#runStart; at < end; at += 4) words[to++] = word(bytes, at);
    return to;
  }

  /** How many values an Int64List has. */
  countInt64s(): number {
    if (this.#runEnd >= 0) return this.#varintsIn(this.#runStart, this.#runEnd);
    let count = 0;
    this.#begin();
    while (this.#next(VARINT_1)) {
      count += this.#runEnd < 0 ? 1 : this.#varintsIn(this.#runStart, this.#runEnd);
    }
    this.#runEnd = -1;
    return count;
  }

  /** At most so many values an Int64List has: quicker than counting. */
  mostInt64s(): number {
    return this.#end - this.#start;
  }

  /** The halves of each value of an Int64List into `words`, from `to` on; gives where the next goes. There is room for all of them. */
  int64sInto(words: Int32Array, to: number): number {
    if (this.#runEnd >= 0) return varintsInto(this.bytes, this.#runStart, this.#runEnd, words, to);
    this.#begin();
    while (this.#next(VARINT_1)) {
      if (this.#runEnd >= 0) to = varintsInto(this.bytes, this.#runStart, this.#runEnd, words, to);
      else {
        longVarint(this.bytes, this.#runStart, words, to);
        to += 2;
      }
    }
    this.#runEnd = -1;
    return to;
  }

  #begin(): void {
    this.at = this.#start;
    this.#runs = this.#singles = 0;
  }

  /** The next run, or, with `#runEnd` -1, the next single value: from `#runStart` on, behind it `at`. */
  #next(single: number): boolean {
    const end = this.#end;
    while (this.at < end) {
      const { at } = this;
      const tag = this.tag(end);
      if (tag === DELIMITED_1) {
        this.#runEnd = this.fieldEnd(end);
        this.#runStart = this.at;
        this.at = this.#runEnd;
        this.#runs++;
      } else if (tag === single) {
        this.#runEnd = -1;
        this.#runStart = this.at;
        this.skip(tag, end);
        this.#singles++;
      } else {
        this.#pass(tag);
        continue;
      }
      if (this.tf && (this.#runs > 1 || this.#runs * this.#singles > 0)) {
        throw new WireFault(at, 'wanted one packed run, as TensorFlow does, found more behind it');
      }
      return true;
    }
    return false;
  }

  #pass(tag: number): void {
    if (this.tf)
      throw new WireFault(this.at, `wanted values only, as TensorFlow does, found field ${tag >>> 3}`);
    this.skip(tag, this.#end);
  }

  #floatsIn(start: number, end: number): number {
    if ((end - start) % 4 !== 0)
      throw new WireFault(start, `wanted packed floats of 4 bytes, found ${end - start} bytes`);
    return (end - start) / 4;
  }

  #varintsIn(start: number, end: number): number {
    const { bytes } = this;
    let count = 0;
    for (let at = start; at < end; at++) count += 1 - (bytes[at] >> 7);
    return count;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
