import { WireFault, WireReader } from '../../bytes/wire/wire-reader.ts';

/** Kinds as numbers: those of the fields of `Feature` in example.proto; 0 where none is set. */
export const NONE = 0;
export const BYTES = 1;
export const FLOAT = 2;
export const INT64 = 3;
/** Name of a kind by its number. */
export const KIND_NAMES = ['none', 'bytes', 'float', 'int64'] as const;

/** Tags of delimited fields 1 to 3. */
const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
const FIELD_3 = 0x1a;
const NOTHING = new Uint8Array(0);

/**
 * Goes through the features of an Example, or the context of a SequenceExample, which is written the same way, without making anything.
 * After `next()` the name lies at [nameStart, nameEnd) of `bytes`, and the values, as the body of one BytesList, FloatList or
 * Int64List, at [start, end) of `body`: the record itself, or, where protobuf has us join what lies apart, a copy.
 *
 * Everybody writes features in one shape (name, feature with one list), which is read without a loop; any other takes the long way.
 */
export class FeatureWalk extends WireReader {
  nameStart = 0;
  nameEnd = 0;
  kind: number = NONE;
  body: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /** Whether to complain where TensorFlow's parser would differ. */
  tf = false;
  /** Where the features being walked end, and where the entry began. */
  #featuresEnd = 0;
  #recordEnd = 0;
  entryStart = 0;
  /** The Feature of the entry: in the record, or joined. */
  #value: Uint8Array = NOTHING;
  #valueStart = 0;
  #valueEnd = 0;

  constructor() {
    super(NOTHING);
  }

  /** Begins with the record at [start, end) of `bytes`. */
  open(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.bytes = this.body = bytes;
    this.at = this.#featuresEnd = start;
    this.#recordEnd = end;
    this.nameStart = this.nameEnd = this.entryStart = start;
  }

  /** Lets go of the record. */
  close(): void {
    this.bytes = this.body = this.#value = NOTHING;
  }

  /** The next feature; false at the end. */
  next(): boolean {
    if (!this.nextName()) return false;
    this.readFeature();
    return true;
  }

  /** The name of the next feature, which `readFeature` reads, if it is wanted; false at the end. */
  nextName(): boolean {
    for (;;) {
      if (this.at === this.#featuresEnd && !this.#nextFeatures()) return false;
      const end = this.#featuresEnd;
      this.entryStart = this.at;
      this.nameStart = this.nameEnd = this.at;
      this.body = this.bytes;
      const tag = this.tag(end);
      if (tag === FIELD_1) {
        this.#entry(this.fieldEnd(end));
        return true;
      }
      this.skip(tag, end);
    }
  }

  readFeature(): void {
    const { at } = this;
    if (this.#value === this.bytes) this.feature(this.bytes, this.#valueStart, this.#valueEnd);
    else this.#joinedFeature();
    this.at = at;
  }

  /** Finds the next `features` of the record: several are merged. */
  #nextFeatures(): boolean {
    const end = this.#recordEnd;
    while (this.at < end) {
      this.entryStart = this.at;
      const tag = this.tag(end);
      if (tag !== FIELD_1) {
        this.skip(tag, end);
        continue;
      }
      this.#featuresEnd = this.fieldEnd(end);
      if (this.at < this.#featuresEnd) return true;
    }
    this.#featuresEnd = end;
    return false;
  }

  #entry(entryEnd: number): void {
    const { bytes, at } = this;
    if (at < entryEnd && bytes[at] === FIELD_1) {
      this.at = at + 1;
      const nameEnd = this.fieldEnd(entryEnd);
      this.nameStart = this.at;
      this.nameEnd = nameEnd;
      if (nameEnd < entryEnd && bytes[nameEnd] === FIELD_2) {
        this.at = nameEnd + 1;
        if (this.fieldEnd(entryEnd) === entryEnd) {
          this.#value = bytes;
          this.#valueStart = this.at;
          this.#valueEnd = this.at = entryEnd;
          return;
        }
      }
    }
    this.at = at;
    this.#value = this.oddEntry(entryEnd);
    this.#valueStart = this.start;
    this.#valueEnd = this.end;
    this.at = entryEnd;
  }

  #joinedFeature(): void {
    const { bytes } = this;
    const value = this.#value;
    this.bytes = value;
    try {
      this.feature(value, 0, value.length);
    } catch (error) {
      // Positions in what was joined say nothing.
      throw error instanceof WireFault ? new WireFault(this.entryStart, error.message) : error;
    } finally {
      this.bytes = bytes;
    }
  }

  /**
   * An entry of a map in any shape: the last name counts, values are joined. Sets the name, and `start` and `end` of the value in the
   * bytes that are given back.
   */
  oddEntry(entryEnd: number): Uint8Array {
    const { at: entryAt, bytes } = this;
    let values = 0;
    let size = 0;
    let names = 0;
    this.nameStart = this.nameEnd = this.start = this.end = entryAt;
    let odd = false;
    while (this.at < entryEnd) {
      const tag = this.tag(entryEnd);
      if (tag === FIELD_1) {
        this.nameEnd = this.fieldEnd(entryEnd);
        this.nameStart = this.at;
        this.at = this.nameEnd;
        odd ||= values > 0;
        names++;
      } else if (tag === FIELD_2) {
        this.end = this.fieldEnd(entryEnd);
        this.start = this.at;
        this.at = this.end;
        size += this.end - this.start;
        values++;
      } else {
        this.skip(tag, entryEnd);
        odd = true;
      }
    }
    if (this.tf && (odd || names !== 1 || values !== 1))
      throw new WireFault(entryAt, 'wanted a name, then a feature, as TensorFlow does, found other fields');
    if (values < 2) return bytes;
    const joined = new Uint8Array(size);
    let filled = 0;
    this.at = entryAt;
    while (this.at < entryEnd) {
      const tag = this.tag(entryEnd);
      if (tag === FIELD_2) {
        const end = this.fieldEnd(entryEnd);
        joined.set(bytes.subarray(this.at, end), filled);
        filled += end - this.at;
        this.at = end;
      } else {
        this.skip(tag, entryEnd);
      }
    }
    return joined;
  }

  /** One Feature, at [start, end) of `bytes`, which are those that are being read. */
  feature(bytes: Uint8Array, start: number, end: number): void {
    this.body = bytes;
    this.end = end;
    if (start === end) {
      this.kind = NONE;
      this.start = start;
      return;
    }
    const tag = bytes[start];
    if (tag === FIELD_1 || tag === FIELD_2 || tag === FIELD_3) {
      this.at = start + 1;
      if (this.fieldEnd(end) === end) {
        this.kind = tag >> 3;
        this.start = this.at;
        return;
      }
    }
    this.#oddFeature(start, end);
  }

  /** A Feature in any shape: the last kind counts, lists of that kind behind the last of another are joined. */
  #oddFeature(start: number, end: number): void {
    let kind = NONE;
    let lists = 0;
    let size = 0;
    let from = start;
    let odd = false;
    this.at = start;
    this.start = this.end = end;
    while (this.at < end) {
      const { at } = this;
      const tag = this.tag(end);
      if (tag !== FIELD_1 && tag !== FIELD_2 && tag !== FIELD_3) {
        this.skip(tag, end);
        odd = true;
        continue;
      }
      if (tag >> 3 !== kind) {
        odd ||= kind !== NONE;
        kind = tag >> 3;
        lists = size = 0;
        from = at;
      }
      this.end = this.fieldEnd(end);
      this.start = this.at;
      size += this.end - this.start;
      lists++;
      this.at = this.end;
    }
    if (this.tf && (odd || lists > 1)) {
      throw new WireFault(
        start,
        'wanted one list, found several fields, of which TensorFlow takes the first',
      );
    }
    this.kind = kind;
    if (lists > 1) this.#join(from, end, size);
  }

  #join(from: number, end: number, size: number): void {
    const joined = new Uint8Array(size);
    let filled = 0;
    this.at = from;
    while (this.at < end) {
      const tag = this.tag(end);
      if (tag === FIELD_1 || tag === FIELD_2 || tag === FIELD_3) {
        const listEnd = this.fieldEnd(end);
        joined.set(this.bytes.subarray(this.at, listEnd), filled);
        filled += listEnd - this.at;
        this.at = listEnd;
      } else {
        this.skip(tag, end);
      }
    }
    this.body = joined;
    this.start = 0;
    this.end = size;
  }
}
