import { WireFault } from '../../bytes/wire/wire-reader.ts';
import { FeatureCursor } from '../example/feature-cursor.ts';
import { FeaturePlaces } from '../example/feature-places.ts';
import { SlotFinder } from '../example/found-features.ts';
import { type ListCursor, NONE } from '../example/list-cursor.ts';
import { isSageMakerRecord, SageMakerFields, type SageMakerValues } from './sagemaker-fields.ts';
import { FilterMismatch, type Slot } from './value.ts';

const NOTHING = new Uint8Array(0);
/** Maximum number of names that are kept as suggestions for misspelled ones. */
const MAX_NAMES = 10_000;
/** Maximum number of records whose names are read for suggestions. */
const MAX_NAMED_RECORDS = 16;

/**
 * Positions of the features of one record that an expression uses. All other features are skipped by
 * their length. Nothing is allocated for an Example or SequenceExample.
 */
export class RecordFeatures {
  names: readonly string[] = [];
  /** Whether any record so far had the feature, by slot. */
  seen: Uint8Array = NOTHING;
  /** Names of features of the records that lacked a feature. */
  readonly otherNames: Set<string> = new Set();
  /** The feature that is being read, for errors. */
  slot: Slot = -1;
  readonly #cursor = new FeatureCursor();
  #finder = new SlotFinder([]);
  #listFinder = new SlotFinder([]);
  readonly #places = new FeaturePlaces();
  /** Number of steps of the feature list; -1 if the record does not have it. */
  #steps = new Int32Array(0);
  #fields = new SageMakerFields([]);
  #record: Uint8Array = NOTHING;
  #start = 0;
  /** Whether the record is a Record of SageMaker. */
  #isSageMaker = false;
  /** Whether the record has feature lists. */
  #hasLists = false;
  /** Number of records whose names have been read for suggestions. */
  #namedRecords = 0;

  /** Sets the names of the features to find. The slot of a feature is its index. */
  use(names: readonly string[]): void {
    this.names = names;
    this.seen = new Uint8Array(names.length);
    this.#finder = new SlotFinder(names);
    this.#listFinder = new SlotFinder(names);
    this.#steps = new Int32Array(names.length).fill(-1);
    this.#fields = new SageMakerFields(names);
  }

  /**
   * Finds the features of the record at [start, end) of `bytes`.
   * @throws WireFault for a damaged record, and for a record of a different type
   */
  find(bytes: Uint8Array, start: number, end: number): void {
    this.#record = bytes;
    this.#start = start;
    this.slot = -1;
    this.#places.clear(this.names.length);
    this.#isSageMaker = isSageMakerRecord(bytes, start, end);
    if (this.#isSageMaker) this.#fields.read(bytes, start, end, this.seen);
    else this.#findFeatures(bytes, start, end);
    if (this.#namedRecords < MAX_NAMED_RECORDS && this.seen.includes(0)) this.#noteNames(bytes, start, end);
  }

  #findFeatures(bytes: Uint8Array, start: number, end: number): void {
    const cursor = this.#cursor;
    const finder = this.#finder;
    finder.begin();
    for (cursor.open(bytes, start, end); cursor.nextName(); this.slot = -1) {
      const slot = finder.find(bytes, cursor.nameStart, cursor.nameEnd);
      if (slot < 0) continue;
      this.slot = slot;
      if (!cursor.readFeature()) break;
      this.#places.set(slot, cursor);
      this.seen[slot] = 1;
    }
    if (cursor.fault !== undefined && !isField1Or2(bytes[start])) throw otherData(start);
    cursor.check();
    if (this.#hasLists) this.#steps.fill(-1);
    this.#hasLists = cursor.isSequence;
    if (cursor.isSequence) this.#findLists();
    else if (!cursor.hasFeatures && end > start) throw otherData(start);
  }

  #findLists(): void {
    const cursor = this.#cursor;
    const finder = this.#listFinder;
    finder.begin();
    while (cursor.nextList()) {
      const slot = finder.find(cursor.record, cursor.nameStart, cursor.nameEnd);
      if (slot < 0) continue;
      this.slot = slot;
      let steps = 0;
      while (cursor.nextStep()) steps++;
      // Only the last list with a given name is used.
      this.#steps[slot] = steps;
      this.seen[slot] = 1;
    }
    cursor.check();
    this.slot = -1;
  }

  /** Forgets which features earlier records had. */
  forget(): void {
    this.seen.fill(0);
    this.otherNames.clear();
    this.#namedRecords = 0;
  }

  /** Releases the record. */
  close(): void {
    this.#record = NOTHING;
    this.#cursor.close();
    this.#places.release();
    this.#fields.close();
  }

  /** Reports whether the record has the feature, with a list, or the feature list. */
  has(slot: Slot): boolean {
    return this.hasFeature(slot) || this.steps(slot) >= 0;
  }

  /** Reports whether the record has the feature, with a list. */
  hasFeature(slot: Slot): boolean {
    return this.#isSageMaker ? this.#fields.values(slot) !== undefined : this.#places.kinds[slot] !== NONE;
  }

  /** Returns the number of steps of a feature list; -1 if the record does not have the list. */
  steps(slot: Slot): number {
    return this.#hasLists && !this.#isSageMaker ? this.#steps[slot] : -1;
  }

  /** Returns the values of a field of a Record; undefined for other records. */
  values(slot: Slot): SageMakerValues | undefined {
    return this.#isSageMaker ? this.#fields.values(slot) : undefined;
  }

  /**
   * Opens the list of a feature of an Example or context. Returns false if the record does not have
   * it.
   * @throws FilterMismatch for a feature list
   */
  open(slot: Slot, cursor: ListCursor): boolean {
    if (this.#isSageMaker) return false;
    if (this.#places.kinds[slot] === NONE) {
      if (this.steps(slot) >= 0)
        throw new FilterMismatch(
          `${this.describe(slot)} is a feature list; only len and has can be applied to feature lists`,
        );
      return false;
    }
    this.slot = slot;
    this.#places.open(slot, this.#record, cursor);
    return true;
  }

  /** Returns a description of a feature for errors. */
  describe(slot: Slot): string {
    return `feature ${JSON.stringify(this.names[slot])}`;
  }

  /** Returns the position of a fault in the record. */
  placeOf({ at }: WireFault): string {
    return ` (at byte ${at - this.#start} of the record)`;
  }

  /** Notes the names of the features of a record. */
  #noteNames(bytes: Uint8Array, start: number, end: number): void {
    this.#namedRecords++;
    const names = this.otherNames;
    if (this.#isSageMaker) {
      for (const name of this.#fields.names()) if (names.size < MAX_NAMES) names.add(name);
      return;
    }
    const cursor = this.#cursor;
    const note = (): void => {
      if (names.size < MAX_NAMES) names.add(utf8.decode(bytes.subarray(cursor.nameStart, cursor.nameEnd)));
    };
    for (cursor.open(bytes, start, end); cursor.nextName(); ) note();
    if (cursor.isSequence) while (cursor.nextList()) note();
  }
}

/** Reports whether a tag is that of the features or feature lists of an Example. */
function isField1Or2(tag: number): boolean {
  return tag === 0x0a || tag === 0x12;
}

function otherData(start: number): WireFault {
  return new WireFault(start, 'expected an Example, a SequenceExample or a Record, got other data');
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
