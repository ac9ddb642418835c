import { findMalformedUtf8 } from '../../formats/utf8.ts';
import { MAX_VARINT_BYTES, WireFields } from './wire-fields.ts';

/** What a feature's list holds: the numbers of `Feature.kind` in example.proto; `NONE` where it is not set. */
export const NONE = 0;
export const BYTES = 1;
export const FLOAT = 2;
export const INT64 = 3;
/** Kinds of the tensors in other messages. */
export const FLOAT64 = 4;
export const INT32 = 5;

/** Numbers per feature in `features`: begin and end of its name, kind, index of its first span, number of spans. */
export const FEATURE = 5;
/** Where the kind is among them. */
export const KIND = 2;
/** Numbers per step in `steps`: kind, index of its first span, number of spans. */
export const STEP = 3;
/** Numbers per list in `lists`: begin and end of its name, index of its first step, number of steps. */
export const LIST = 4;

/** Told the values of a feature, as they lie in `bytes`. */
export interface ValueSink {
  /** @param high upper 32 bits, signed; @param low lower 32 bits, unsigned */
  int64(high: number, low: number): void;
  /** A run of little-endian floats. */
  floats(bytes: Uint8Array, from: number, to: number): void;
  value(bytes: Uint8Array, from: number, to: number): void;
  /** A 64-bit float, which Examples do not have. */
  float64(value: number): void;
}

/**
 * Finds the features of an Example or SequenceExample in its bytes. One object serves all records: it allocates nothing per
 * record and reads no value before `values` is called.
 *
 * Only a record whose every field belongs to these messages is one of them: protobuf would accept nearly any message as an
 * Example with unknown fields. A repeated key and a repeated kind are for the caller to judge: the last one counts.
 */
export class RecordOutline extends WireFields {
  /** Whether the record has features: those of an Example or the context, even if empty. */
  hasFeatures = false;
  /** Whether the record has feature lists, even if empty. */
  isSequence = false;
  /**
   * Whether an entry lacks its name or its value, or repeats one. No writer produces that, but other messages look like it
   * when they are read as an Example.
   */
  isOdd = false;
  /** Why `read` returned false; empty where a field does not belong to the messages. */
  problem = '';
  /** `FEATURE` numbers each: those of an Example, or the context of a SequenceExample. */
  readonly features: number[] = [];
  /** `LIST` numbers each. */
  readonly lists: number[] = [];
  /** `STEP` numbers each. */
  readonly steps: number[] = [];
  /** Begin and end of BytesList, FloatList, Int64List messages. */
  readonly spans: number[] = [];
  featureCount = 0;
  listCount = 0;
  #stepCount = 0;
  #spanCount = 0;
  // What #feature found.
  #kind = NONE;
  #firstSpan = 0;
  // What #key found.
  #nameFrom = 0;
  #nameTo = 0;

  /** Reads the record in `bytes[from, to)`. Returns whether it is an Example or SequenceExample. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.bytes = bytes;
    this.hasFeatures = false;
    this.isSequence = false;
    this.isOdd = false;
    this.featureCount = 0;
    this.listCount = 0;
    this.#stepCount = 0;
    this.#spanCount = 0;
    this.problem = '';
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      if (at < 0) return this.#fail('truncated or damaged');
      const begin = this.from;
      const end = this.to;
      if (this.tag === FIELD_1) {
        if (!this.#featureMap(begin, end)) return false;
        this.hasFeatures = true;
      } else if (this.tag === FIELD_2) {
        if (!this.#listMap(begin, end)) return false;
        this.isSequence = true;
      } else return false;
    }
    return true;
  }

  /** Tells `sink` the values in `count` spans from `first` on. */
  values(kind: number, first: number, count: number, sink: ValueSink): void {
    for (let i = first; i < first + count; i++) {
      const to = this.spans[2 * i + 1];
      for (let at = this.spans[2 * i]; at < to; ) {
        at = this.next(at, to);
        if (kind === INT64) {
          if (this.tag === FIELD_1) this.#int64s(this.from, this.to, sink);
          else if (this.tag === FIELD_1_VARINT) this.#int64s(this.from, at, sink);
        } else if (kind === FLOAT) {
          if (this.tag === FIELD_1) sink.floats(this.bytes, this.from, this.to);
          else if (this.tag === FIELD_1_FIXED32) sink.floats(this.bytes, at - 4, at);
        } else if (this.tag === FIELD_1) sink.value(this.bytes, this.from, this.to);
      }
    }
  }

  #int64s(from: number, to: number, sink: ValueSink): void {
    const { bytes } = this;
    for (let at = from; at < to; ) {
      let byte = bytes[at++];
      let low = byte & 0x7f;
      for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
        byte = bytes[at++];
        low |= (byte & 0x7f) << shift;
      }
      if (byte < 0x80) {
        sink.int64(0, low);
        continue;
      }
      // The fifth byte holds four bits of the lower half and three of the upper.
      byte = bytes[at++];
      low |= (byte & 0x0f) << 28;
      let high = (byte >> 4) & 0x07;
      for (let shift = 3; byte >= 0x80; shift += 7) {
        byte = bytes[at++];
        if (shift < 32) high |= (byte & 0x7f) << shift;
      }
      sink.int64(high | 0, low >>> 0);
    }
  }

  #fail(problem: string): false {
    this.problem ||= problem;
    return false;
  }

  /** `Features`: entries of a map from names to features. */
  #featureMap(from: number, to: number): boolean {
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      if (at < 0) return this.#fail('truncated or damaged in its features');
      if (this.tag !== FIELD_1) return false;
      const { features, featureCount } = this;
      this.#kind = NONE;
      this.#firstSpan = this.#spanCount;
      if (!this.#entry(this.from, this.to, false)) return false;
      const place = FEATURE * featureCount;
      features[place] = this.#nameFrom;
      features[place + 1] = this.#nameTo;
      features[place + 2] = this.#kind;
      features[place + 3] = this.#firstSpan;
      features[place + 4] = this.#spanCount - this.#firstSpan;
      this.featureCount++;
    }
    return true;
  }

  /** `FeatureLists`: entries of a map from names to lists of features. */
  #listMap(from: number, to: number): boolean {
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      if (at < 0) return this.#fail('truncated or damaged in its feature lists');
      if (this.tag !== FIELD_1) return false;
      const firstStep = this.#stepCount;
      if (!this.#entry(this.from, this.to, true)) return false;
      const place = LIST * this.listCount;
      this.lists[place] = this.#nameFrom;
      this.lists[place + 1] = this.#nameTo;
      this.lists[place + 2] = firstStep;
      this.lists[place + 3] = this.#stepCount - firstStep;
      this.listCount++;
    }
    return true;
  }

  /** An entry of a map: its key, and a `Feature` or a `FeatureList`. A repeated value is merged. */
  #entry(from: number, to: number, isList: boolean): boolean {
    let nameFrom = from;
    let nameTo = from;
    let names = 0;
    let values = 0;
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      if (at < 0) return this.#fail('truncated or damaged in an entry');
      const begin = this.from;
      const end = this.to;
      if (this.tag === FIELD_1) {
        if (findMalformedUtf8(this.bytes, begin, end) >= 0)
          return this.#fail('a name of a feature is not UTF-8');
        nameFrom = begin;
        nameTo = end;
        names++;
      } else if (this.tag === FIELD_2) {
        if (!(isList ? this.#list(begin, end) : this.#feature(begin, end))) return false;
        values++;
      } else return false;
    }
    if (names !== 1 || values !== 1) this.isOdd = true;
    this.#nameFrom = nameFrom;
    this.#nameTo = nameTo;
    return true;
  }

  #list(from: number, to: number): boolean {
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      if (at < 0) return this.#fail('truncated or damaged in a feature list');
      if (this.tag !== FIELD_1) return false;
      this.#kind = NONE;
      this.#firstSpan = this.#spanCount;
      if (!this.#feature(this.from, this.to)) return false;
      const place = STEP * this.#stepCount;
      this.steps[place] = this.#kind;
      this.steps[place + 1] = this.#firstSpan;
      this.steps[place + 2] = this.#spanCount - this.#firstSpan;
      this.#stepCount++;
    }
    return true;
  }

  /** A `Feature`: one of three lists. Another kind takes the place of the one before; the same kind again adds to it. */
  #feature(from: number, to: number): boolean {
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      if (at < 0) return this.#fail('truncated or damaged in a feature');
      if (this.tag !== FIELD_1 && this.tag !== FIELD_2 && this.tag !== FIELD_3) return false;
      const kind = this.tag >>> 3;
      if (kind !== this.#kind) this.#spanCount = this.#firstSpan;
      this.#kind = kind;
      const begin = this.from;
      const end = this.to;
      this.spans[2 * this.#spanCount] = begin;
      this.spans[2 * this.#spanCount + 1] = end;
      this.#spanCount++;
      if (!this.#isList(kind, begin, end)) return false;
    }
    return true;
  }

  /** Whether the values are whole, so that nothing can go wrong when they are read. */
  #isList(kind: number, from: number, to: number): boolean {
    for (let at = from; at < to; ) {
      at = this.next(at, to);
      if (at < 0) return this.#fail('truncated or damaged in the values of a feature');
      const { tag } = this;
      if (tag === FIELD_1) {
        const isWhole =
          kind === FLOAT
            ? ((this.to - this.from) & 3) === 0
            : kind !== INT64 || areVarints(this.bytes, this.from, this.to);
        if (!isWhole) return this.#fail('truncated or damaged in the values of a feature');
      } else if (!(kind === INT64 && tag === FIELD_1_VARINT) && !(kind === FLOAT && tag === FIELD_1_FIXED32))
        return false;
    }
    return true;
  }
}

const FIELD_1 = 10;
const FIELD_2 = 18;
const FIELD_3 = 26;
const FIELD_1_VARINT = 8;
const FIELD_1_FIXED32 = 13;

function areVarints(bytes: Uint8Array, from: number, to: number): boolean {
  let run = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] < 0x80) run = 0;
    else if (++run >= MAX_VARINT_BYTES) return false;
  }
  return run === 0;
}
