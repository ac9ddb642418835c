import { WireFault } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, RecordpipeError } from '../../errors.ts';
import { FeatureCursor } from './feature-cursor.ts';
import { FeaturePlaces } from './feature-places.ts';
import { KIND_NAMES, NONE } from './list-cursor.ts';
import { isSame } from './name-table.ts';
import type { OnePass } from './one-pass.ts';

/** Receives features that have no place. */
export interface OtherFeatures {
  /**
   * Called for a feature that was not requested; the cursor is at its name. Returns false if the
   * feature is damaged.
   */
  other(cursor: FeatureCursor, record: number): boolean;
  /** Called for a requested feature without a kind. */
  unset(cursor: FeatureCursor, record: number): void;
}

/**
 * Positions of the requested features of some records. Each record is traversed once to find them,
 * and the values are read later, column by column. For all other features, only the name and the
 * length are read.
 */
export class FoundFeatures {
  /** Cursor that reads the list opened by `open`. */
  readonly cursor: FeatureCursor = new FeatureCursor();
  records = 0;
  readonly #names: readonly string[];
  readonly #finder: SlotFinder;
  /** Places of the features, by record and slot. */
  readonly #places = new FeaturePlaces();
  /** Columns that are collected as features are found, by slot. */
  readonly #collecting: (OnePass | undefined)[];
  readonly #others: OtherFeatures | undefined;
  readonly #bytes: Uint8Array[] = [];
  readonly #recordStarts: number[] = [];
  #placeOf: (record: number) => ErrorPlace = () => ({});

  /** @param others receives features that have no place; by default, they are skipped */
  constructor(names: readonly string[], strict: false | 'tf' | 'exact', others?: OtherFeatures) {
    this.#names = names;
    this.#others = others;
    this.#finder = new SlotFinder(names);
    this.#collecting = names.map(() => undefined);
    this.cursor.strict = strict;
  }

  /** Lets a column collect its values as they are found. */
  collect(column: OnePass): void {
    this.#collecting[column.slot] = column;
  }

  /**
   * Starts a batch of at most `maxRecords` records.
   *
   * @param placeOf returns the source of a record, for errors
   */
  begin(maxRecords: number, placeOf: (record: number) => ErrorPlace): void {
    this.#places.clear(maxRecords * this.#names.length);
    this.records = 0;
    this.#placeOf = placeOf;
    for (const column of this.#collecting) column?.begin(maxRecords);
  }

  /** Releases the records. */
  close(): void {
    this.#bytes.length = 0;
    this.#places.release();
    this.cursor.close();
    for (const column of this.#collecting) column?.close();
  }

  /** Finds the features of the record at [start, end) of `bytes`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const record = this.#addRecord(bytes, start);
    const { cursor } = this;
    const finder = this.#finder;
    const first = record * this.#names.length;
    finder.begin();
    let slot = -1;
    for (cursor.open(bytes, start, end); cursor.nextName(); slot = -1) {
      slot = finder.find(bytes, cursor.nameStart, cursor.nameEnd);
      if (slot < 0) {
        if (this.#others?.other(cursor, record) === false) break;
        continue;
      }
      if (!cursor.readFeature()) break;
      this.#places.set(first + slot, cursor);
      if (cursor.kind === NONE) this.#others?.unset(cursor, record);
      this.#collecting[slot]?.add(cursor, record);
    }
    const { fault } = cursor;
    if (fault === undefined) return;
    const at = cursor.placeOf(fault.at) - start;
    throw this.malformed(record, slot, `${fault.message} (at byte ${at} of the ${end - start}-byte record)`);
  }

  /**
   * Adds the step that `cursor` has read in `record`. The step becomes the only feature of a
   * record.
   *
   * @param start index of the record's first byte
   */
  addStep(record: Uint8Array, cursor: FeatureCursor, start = 0): void {
    this.#places.set(this.#addRecord(record, start), cursor);
  }

  #addRecord(bytes: Uint8Array, start: number): number {
    this.#bytes[this.records] = bytes;
    this.#recordStarts[this.records] = start;
    return this.records++;
  }

  /** Reports whether the record has the feature, with a list. */
  has(record: number, slot: number): boolean {
    return this.#places.kinds[record * this.#names.length + slot] !== NONE;
  }

  /** Returns the size in bytes of the list in the record. */
  length(record: number, slot: number): number {
    return this.#places.length(record * this.#names.length + slot);
  }

  /**
   * Opens the list of a feature. Returns false if the record does not have the list.
   *
   * @throws RecordpipeError `schema-mismatch` for a list of a different kind
   */
  open(record: number, slot: number, kind: number): boolean {
    const place = record * this.#names.length + slot;
    const found = this.#places.kinds[place];
    if (found === NONE) return false;
    if (found !== kind)
      throw this.mismatch(
        record,
        slot,
        `expected values of kind ${KIND_NAMES[kind]}, got ${KIND_NAMES[found]}`,
      );
    this.#places.open(place, this.#bytes[record], this.cursor);
    return true;
  }

  /** Returns the error for an undamaged record that does not match the specs. @param slot feature, or -1 */
  mismatch(record: number, slot: number, what: string): RecordpipeError {
    return new RecordpipeError('schema-mismatch', this.#sentence(slot, what), this.#placeOf(record));
  }

  /** Returns the error for a list that could not be read. */
  explained(error: unknown, record: number, slot: number): unknown {
    if (!(error instanceof WireFault)) return error;
    const isInRecord = this.cursor.list === this.#bytes[record];
    const where = isInRecord ? ` (at byte ${error.at - this.#recordStarts[record]} of the record)` : '';
    return this.malformed(record, slot, error.message + where);
  }

  /** Returns the error for a damaged record. @param slot feature, or -1 */
  malformed(record: number, slot: number, what: string): RecordpipeError {
    return new RecordpipeError('malformed-example', this.#sentence(slot, what), this.#placeOf(record));
  }

  #sentence(slot: number, what: string): string {
    return slot < 0 ? `example: ${what}` : `example: feature ${JSON.stringify(this.#names[slot])}: ${what}`;
  }
}

/** A requested name. */
interface Requested {
  readonly bytes: Uint8Array;
  readonly slot: number;
  /** The requested name that followed this one in an earlier record. */
  follower: Requested | undefined;
}

/**
 * Finds requested names. The records of a file nearly always have the same names in the same order,
 * so the finder first compares the name that came next in an earlier record, then names of the same
 * length. Unlike `NameTable`, it does not keep other names.
 */
export class SlotFinder {
  readonly #byLength: Requested[][];
  /**
   * Marks of the requested names. Most other names have none of them, so that one look suffices.
   */
  readonly #marks = new Uint8Array(MARKS);
  #first: Requested | undefined;
  #last: Requested | undefined;

  constructor(names: readonly string[]) {
    const all = names.map((name, slot) => ({ bytes: utf8.encode(name), slot, follower: undefined }));
    const longest = all.reduce((max, { bytes }) => Math.max(max, bytes.length), 0);
    this.#byLength = Array.from({ length: longest + 1 }, (_, length) =>
      all.filter(({ bytes }) => bytes.length === length),
    );
    for (const { bytes } of all) this.#marks[markOf(bytes, 0, bytes.length)] = 1;
  }

  /** Starts a new record. */
  begin(): void {
    this.#last = undefined;
  }

  /** Returns the index of the name among the requested ones, or -1 for any other name. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.#marks[markOf(bytes, start, end)] === 0) return -1;
    const last = this.#last;
    const expected = last === undefined ? this.#first : last.follower;
    if (expected === undefined || !isSame(expected.bytes, bytes, start, end))
      return this.#search(bytes, start, end);
    this.#last = expected;
    return expected.slot;
  }

  #search(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length >= this.#byLength.length) return -1;
    const candidates = this.#byLength[length];
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i];
      if (!isSame(candidate.bytes, bytes, start, end)) continue;
      if (this.#last === undefined) this.#first = candidate;
      else this.#last.follower = candidate;
      this.#last = candidate;
      return candidate.slot;
    }
    return -1;
  }
}

/** Number of marks, a power of two. */
const MARKS = 1024;

/** Returns a number below MARKS, computed from the length and the last two bytes of a name. */
function markOf(bytes: Uint8Array, start: number, end: number): number {
  return (end - start < 2 ? 0 : bytes[end - 1] + 11 * bytes[end - 2] + 131 * (end - start)) & (MARKS - 1);
}

const utf8 = new TextEncoder();
