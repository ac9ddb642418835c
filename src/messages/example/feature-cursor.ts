import { areVarints } from '../../bytes/wire/varints.ts';
import { FLOAT, INT64, ListCursor, NONE } from './list-cursor.ts';

/** Tags of the length-delimited fields 1 to 3. */
const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
const FIELD_3 = 0x1a;
const NOTHING = new Uint8Array(0);

/**
 * Parses tf.train.Example and SequenceExample. Decoders, plans, statistics and checks are built on
 * this class. It reports names, kinds, positions and runs of values, and allocates nothing.
 *
 * After `next`, the name is [nameStart, nameEnd) of the record, and the list is that of {@link
 * ListCursor}. After the last feature of a SequenceExample, `nextList` and `nextStep` move through
 * its feature lists. They return false at the end and on damage, which sets `fault`.
 *
 * Writers use one common layout: a name, then a feature with one list, then one packed run. This
 * layout is read without loops. Any other layout that protobuf allows takes the general path.
 */
export class FeatureCursor extends ListCursor {
  record: Uint8Array = NOTHING;
  nameStart = 0;
  nameEnd = 0;
  /** Whether the record sets its features, even if they are empty. */
  hasFeatures = false;
  /** Whether the record sets its feature lists, even if they are empty. */
  isSequence = false;
  /** Whether an entry lacks its name or its value, or repeats one of them. */
  isOdd = false;
  entryStart = 0;
  #recordEnd = 0;
  /** Position of the next feature. */
  #nextAt = 0;
  #featuresEnd = 0;
  /** Value of the entry if its parts were joined; undefined if it is in the record. */
  #joinedValue: Uint8Array | undefined;
  #valueStart = 0;
  #valueEnd = 0;
  /** Position of the next feature list. */
  #nextListAt = 0;
  /** End of the current `FeatureLists`. */
  #listsEnd = 0;
  /** Steps of the current `FeatureList` if they were joined; undefined if in the record. */
  #joinedSteps: Uint8Array | undefined;
  #nextStepAt = 0;
  #stepsEnd = 0;

  /** Starts reading the record at [start, end) of `bytes`. */
  open(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.bytes = this.list = this.record = bytes;
    this.fault = undefined;
    this.#recordEnd = end;
    this.#nextListAt = this.#listsEnd = start;
    this.isSequence = this.isOdd = this.isForeign = false;
    // The common layout is a single `Features` message.
    if (bytes[start] === FIELD_1 && this.delimitedEnd(start + 1, end) === end) {
      this.hasFeatures = true;
      this.#nextAt = this.start;
      this.#featuresEnd = end;
    } else {
      this.hasFeatures = false;
      this.#nextAt = this.#featuresEnd = start;
    }
  }

  /** Releases the record. */
  close(): void {
    this.record = NOTHING;
    this.closeList();
    this.#joinedValue = this.#joinedSteps = undefined;
  }

  /** Moves to the next feature of the Example or context. */
  next(): boolean {
    return this.#advance(true);
  }

  /** Moves to the name of the next feature. Skips its contents unless `readFeature` is called. */
  nextName(): boolean {
    return this.#advance(false);
  }

  /** Reads the kind and the position of the list in the feature that `nextName` found. */
  readFeature(): boolean {
    return this.#feature(this.#joinedValue ?? this.record, this.#valueStart, this.#valueEnd);
  }

  /** Moves to the next feature list of a SequenceExample. */
  nextList(): boolean {
    // Reading the values of a later list would otherwise clear the fault of this one.
    if (this.fault !== undefined) return false;
    this.bytes = this.list = this.record;
    for (;;) {
      if (this.#nextListAt === this.#listsEnd && !this.#nextLists()) return false;
      const at = this.#nextListAt;
      if (this.#plainEntry(at, this.#listsEnd)) this.#nextListAt = this.#valueEnd;
      else {
        this.#startEntry(at);
        if (!this.step(this.#listsEnd)) return false;
        this.#nextListAt = this.at;
        if (this.tag !== FIELD_1) {
          if (!this.skipUnknown(at)) return false;
          continue;
        }
        if (!this.#entry(this.start, this.end)) return false;
      }
      this.#joinedSteps = this.#joinedValue;
      this.#nextStepAt = this.#valueStart;
      this.#stepsEnd = this.#valueEnd;
      return true;
    }
  }

  /** Moves to the feature of the next step of the list. */
  nextStep(): boolean {
    const at = this.#nextStepAt;
    if (at >= this.#stepsEnd) return false;
    const steps = this.#joinedSteps ?? this.record;
    if (this.list !== steps || this.bytes !== steps) this.bytes = this.list = steps;
    if (steps[at] === FIELD_1) {
      const end = this.delimitedEnd(at + 1, this.#stepsEnd);
      if (end >= 0) {
        this.#nextStepAt = end;
        return this.#feature(steps, this.start, end);
      }
    }
    this.at = at;
    for (let start = at; this.step(this.#stepsEnd); start = this.at) {
      this.#nextStepAt = this.at;
      if (this.tag === FIELD_1) return this.#feature(steps, this.start, this.end);
      if (!this.skipUnknown(start)) return false;
    }
    return false;
  }

  /**
   * Returns the position in the record of a byte of the list or, if parts were joined, the position
   * of the entry.
   */
  placeOf(at: number): number {
    return this.list === this.record ? at : this.entryStart;
  }

  #advance(withFeature: boolean): boolean {
    const bytes = this.record;
    if (this.bytes !== bytes) this.bytes = bytes;
    if (this.list !== bytes) this.list = bytes;
    for (;;) {
      const at = this.#nextAt;
      const end = this.#featuresEnd;
      if (at === end) {
        if (at === this.#recordEnd || !this.#nextFeatures()) return false;
        continue;
      }
      if (bytes[at + 1] < 0x80 && this.#smallEntry(at, withFeature)) return true;
      if (this.#plainEntry(at, end)) {
        this.#nextAt = this.#valueEnd;
        return !withFeature || this.#feature(bytes, this.#valueStart, this.#valueEnd);
      }
      this.#startEntry(at);
      if (!this.step(end)) return false;
      this.#nextAt = this.at;
      if (this.tag === FIELD_1)
        return this.#entry(this.start, this.end) && (!withFeature || this.readFeature());
      if (!this.skipUnknown(at)) return false;
    }
  }

  /**
   * Reads an entry of fewer than 128 bytes in the common layout, with one run of values. All
   * lengths in it are single bytes, and each value must end at the end of the entry. Returns false
   * for any other entry.
   */
  #smallEntry(at: number, withFeature: boolean): boolean {
    const bytes = this.record;
    const end = at + 2 + bytes[at + 1];
    const nameStart = at + 4;
    const nameEnd = nameStart + bytes[at + 3];
    const value = nameEnd + 2;
    if (end > this.#featuresEnd || bytes[at] !== FIELD_1 || bytes[at + 2] !== FIELD_1) return false;
    if (bytes[nameEnd] !== FIELD_2 || value + bytes[nameEnd + 1] !== end) return false;
    if (withFeature) {
      const tag = bytes[value];
      const list = value + 2;
      const run = list + 2;
      if (!isKind(tag) || list + bytes[value + 1] !== end) return false;
      if (bytes[list] !== FIELD_1 || run + bytes[list + 1] !== end) return false;
      if (tag >> 3 === FLOAT && ((end - run) & 3) !== 0) return false;
      this.kind = tag >> 3;
      this.listStart = list;
      this.runStart = run;
      this.listEnd = this.runEnd = end;
      this.isOneRun = true;
    } else {
      this.#joinedValue = undefined;
      this.#valueStart = value;
      this.#valueEnd = end;
    }
    this.entryStart = at;
    this.nameStart = nameStart;
    this.nameEnd = nameEnd;
    this.#nextAt = end;
    return true;
  }

  /** Reads a map entry in the common layout: a name, then a value. False for any other entry. */
  #plainEntry(at: number, end: number): boolean {
    const { bytes } = this;
    if (bytes[at] !== FIELD_1) return false;
    const entryEnd = this.delimitedEnd(at + 1, end);
    const nameAt = this.start;
    if (entryEnd <= nameAt || bytes[nameAt] !== FIELD_1) return false;
    const nameEnd = this.delimitedEnd(nameAt + 1, entryEnd);
    const nameStart = this.start;
    if (nameEnd < 0 || bytes[nameEnd] !== FIELD_2) return false;
    if (this.delimitedEnd(nameEnd + 1, entryEnd) !== entryEnd) return false;
    this.entryStart = at;
    this.nameStart = nameStart;
    this.nameEnd = nameEnd;
    this.#joinedValue = undefined;
    this.#valueStart = this.start;
    this.#valueEnd = entryEnd;
    return true;
  }

  /** Finds the next `Features` of the record. If there are several, they are merged. */
  #nextFeatures(): boolean {
    let start = this.#startEntry(this.#nextAt);
    for (; this.step(this.#recordEnd); start = this.at) {
      this.#nextAt = this.at;
      if (this.tag === FIELD_1) {
        this.hasFeatures = true;
        if (this.start === this.end) continue;
        this.#nextAt = this.start;
        this.#featuresEnd = this.end;
        return true;
      }
      if (this.tag === FIELD_2) this.isSequence = true;
      else if (!this.skipUnknown(start)) return false;
    }
    if (this.fault === undefined) this.#nextAt = this.#featuresEnd = this.#recordEnd;
    return false;
  }

  /** Finds the next `FeatureLists` of the record. If there are several, they are merged. */
  #nextLists(): boolean {
    this.#startEntry(this.#nextListAt);
    while (this.step(this.#recordEnd)) {
      this.#nextListAt = this.at;
      if (this.tag !== FIELD_2 || this.start === this.end) continue;
      this.#nextListAt = this.start;
      this.#listsEnd = this.end;
      return true;
    }
    if (this.fault === undefined) this.#nextListAt = this.#listsEnd = this.#recordEnd;
    return false;
  }

  #startEntry(at: number): number {
    this.at = this.entryStart = this.nameStart = this.nameEnd = at;
    return at;
  }

  /** Reads a map entry in any layout. The last name is used, and values are joined. */
  #entry(start: number, end: number): boolean {
    let names = 0;
    let values = 0;
    let size = 0;
    let isUnusual = false;
    this.#joinedValue = undefined;
    this.#valueStart = this.#valueEnd = start;
    this.nameStart = this.nameEnd = start;
    this.at = start;
    for (let at = start; this.step(end); at = this.at) {
      if (this.tag === FIELD_1) {
        this.nameStart = this.start;
        this.nameEnd = this.end;
        isUnusual ||= values > 0;
        names++;
      } else if (this.tag === FIELD_2) {
        this.#valueStart = this.start;
        this.#valueEnd = this.end;
        size += this.end - this.start;
        values++;
      } else {
        if (!this.skipUnknown(at)) return false;
        isUnusual = true;
      }
    }
    if (this.fault !== undefined) return false;
    if (names !== 1 || values !== 1) this.isOdd = isUnusual = true;
    if (isUnusual && this.strict === 'tf')
      return this.fail(start, 'expected a name and a feature, as TensorFlow requires, got different fields');
    if (values > 1) {
      this.#joinedValue = this.#joined(FIELD_2, start, end, size);
      this.#valueStart = 0;
      this.#valueEnd = size;
    }
    return true;
  }

  /** Reads a `Feature`. */
  #feature(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.list !== bytes || this.bytes !== bytes) this.bytes = this.list = bytes;
    this.listEnd = end;
    if (start === end) {
      this.kind = NONE;
      this.listStart = end;
      this.isOneRun = false;
      return true;
    }
    const tag = bytes[start];
    if (!isKind(tag) || this.delimitedEnd(start + 1, end) !== end) return this.#oddFeature(start, end);
    this.kind = tag >> 3;
    const listStart = this.start;
    this.listStart = listStart;
    this.findOneRun(listStart, end);
    return true;
  }

  /**
   * Reads a `Feature` in any layout. The last kind is used, and its lists after the last list of
   * a different kind are joined.
   */
  #oddFeature(start: number, end: number): boolean {
    let tag = NONE;
    let lists = 0;
    let size = 0;
    let from = start;
    let isUnusual = false;
    this.listStart = end;
    this.at = start;
    for (let at = start; this.step(end); at = this.at) {
      if (!isKind(this.tag)) {
        if (!this.skipUnknown(at)) return false;
        isUnusual = true;
        continue;
      }
      if (this.strict === 'exact' && !this.#isSound()) return false;
      if (this.tag !== tag) {
        isUnusual ||= tag !== NONE;
        tag = this.tag;
        lists = size = 0;
        from = at;
      }
      this.listStart = this.start;
      this.listEnd = this.end;
      size += this.end - this.start;
      lists++;
    }
    if (this.fault !== undefined) return false;
    if (this.strict === 'tf' && (isUnusual || lists > 1))
      return this.fail(start, 'expected one list, got several fields; TensorFlow reads only the first');
    this.kind = tag >> 3;
    this.isOneRun = false;
    if (lists > 1) {
      this.list = this.#joined(tag, from, end, size);
      this.listStart = 0;
      this.listEnd = size;
    }
    return true;
  }

  /** Reads all values of the list found by `step` and reports whether they are undamaged. */
  #isSound(): boolean {
    const { at, tag, start, end } = this;
    this.openList(tag >> 3, this.bytes, start, end);
    for (this.openRuns(); this.hasRun; this.nextRun()) {
      if (this.kind === INT64 && !areVarints(this.bytes, this.runStart, this.runEnd))
        return this.fail(this.runStart, 'expected complete varints, got a truncated varint');
    }
    this.at = at;
    this.tag = tag;
    this.start = start;
    this.end = end;
    return this.fault === undefined;
  }

  /**
   * Joins the values of all fields with `tag` in [from, end). They have `size` bytes in total and
   * must be undamaged.
   */
  #joined(tag: number, from: number, end: number, size: number): Uint8Array {
    const joined = new Uint8Array(size);
    let filled = 0;
    this.at = from;
    while (this.step(end)) {
      if (this.tag !== tag) continue;
      joined.set(this.bytes.subarray(this.start, this.end), filled);
      filled += this.end - this.start;
    }
    return joined;
  }
}

function isKind(tag: number): boolean {
  return tag === FIELD_1 || tag === FIELD_2 || tag === FIELD_3;
}
