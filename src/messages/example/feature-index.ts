import { areVarints } from '../../bytes/wire/varints.ts';
import { findMalformedUtf8 } from '../../formats/utf8.ts';
import { FeatureCursor } from './feature-cursor.ts';
import { FeaturePlaces } from './feature-places.ts';
import { sendValues, type ValueSink } from './feature-values.ts';
import { INT64, NONE } from './list-cursor.ts';

/**
 * Recognizes Examples and SequenceExamples, and keeps the positions of their features. One object
 * serves all records. It allocates nothing per record and throws nothing.
 *
 * Only a record whose every field belongs to these messages is one of them: protobuf accepts nearly
 * any message as an Example with unknown fields. The values of an accepted record are undamaged. A
 * name may occur twice: the last one counts.
 */
export class FeatureIndex {
  /** The features of the Example or context, by position in the record. */
  featureCount = 0;
  /** The feature lists, by position in the record. */
  listCount = 0;
  readonly #cursor = new FeatureCursor();
  /** Features, then the steps of all lists. */
  readonly #places = new FeaturePlaces();
  #placeCount = 0;
  /** Start and end of the name of each feature, then of each list. */
  readonly #names: number[] = [];
  /** The first step of each list, and the end of the last list. */
  readonly #firstSteps: number[] = [];
  #from = 0;
  #to = 0;
  /** What is wrong with the record, and where in `bytes`. */
  #damage = '';
  #damageAt = 0;

  constructor() {
    this.#cursor.strict = 'exact';
  }

  /**
   * Reads the record at [from, to) of `bytes`. Returns whether it is an Example or SequenceExample.
   */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    const cursor = this.#cursor;
    this.featureCount = this.listCount = this.#placeCount = 0;
    this.#from = from;
    this.#to = to;
    this.#damage = '';
    this.#places.release();
    cursor.open(bytes, from, to);
    while (cursor.next()) {
      if (!this.#addName(this.featureCount) || !this.#addFeature()) return false;
      this.featureCount++;
    }
    this.#firstSteps[0] = this.featureCount;
    if (cursor.isSequence) {
      while (cursor.nextList()) {
        if (!this.#addName(this.featureCount + this.listCount)) return false;
        while (cursor.nextStep()) if (!this.#addFeature()) return false;
        this.#firstSteps[++this.listCount] = this.#placeCount;
      }
    }
    return !this.#hasFault('truncated or damaged');
  }

  /** Why `read` returned false; empty for a field that does not belong to the messages. */
  get problem(): string {
    if (this.#damage === '') return '';
    const at = this.#damageAt - this.#from;
    return `${this.#damage} (at byte ${at} of the ${this.#to - this.#from} of the record)`;
  }

  /** Releases the record. */
  close(): void {
    this.#cursor.close();
    this.#places.release();
  }

  /** The bytes that names are in. */
  get bytes(): Uint8Array {
    return this.#cursor.record;
  }

  /** Whether the record has features, even if there are none in them. */
  get hasFeatures(): boolean {
    return this.#cursor.hasFeatures;
  }

  /** Whether the record has feature lists, even if there are none in them. */
  get isSequence(): boolean {
    return this.#cursor.isSequence;
  }

  /**
   * Whether an entry lacks its name or its value, or repeats one. No writer produces such entries,
   * but other messages look like them when they are read as an Example.
   */
  get isOdd(): boolean {
    return this.#cursor.isOdd;
  }

  /** Where the name of a feature begins in `bytes`. */
  nameStart(feature: number): number {
    return this.#names[2 * feature];
  }

  nameEnd(feature: number): number {
    return this.#names[2 * feature + 1];
  }

  /** Where the name of a feature list begins in `bytes`. */
  listNameStart(list: number): number {
    return this.#names[2 * (this.featureCount + list)];
  }

  listNameEnd(list: number): number {
    return this.#names[2 * (this.featureCount + list) + 1];
  }

  /**
   * The first step of a list, to be used as a feature; the steps end at the first step of the next
   * list.
   */
  firstStep(list: number): number {
    return this.#firstSteps[list];
  }

  /** The kind of a feature or step, by number. */
  kind(feature: number): number {
    return this.#places.kinds[feature];
  }

  /** Sends the values of a feature or step to `sink`. */
  send(feature: number, sink: ValueSink): void {
    this.#places.open(feature, this.#cursor.record, this.#cursor);
    sendValues(this.#cursor, sink);
  }

  #addName(i: number): boolean {
    const { record, nameStart, nameEnd } = this.#cursor;
    this.#names[2 * i] = nameStart;
    this.#names[2 * i + 1] = nameEnd;
    const malformed = findMalformedUtf8(record, nameStart, nameEnd);
    return malformed < 0 || this.#fail('damaged in a name, which is not UTF-8', malformed);
  }

  #addFeature(): boolean {
    const cursor = this.#cursor;
    this.#places.set(this.#placeCount++, cursor);
    if (cursor.kind === NONE) return true;
    if (cursor.isOneRun) return this.#checkRun();
    for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) if (!this.#checkRun()) return false;
    return !this.#hasFault(DAMAGED_VALUES);
  }

  /** Returns false for a run with damaged values. */
  #checkRun(): boolean {
    const { kind, list, runStart, runEnd } = this.#cursor;
    if (kind !== INT64 || areVarints(list, runStart, runEnd)) return true;
    return this.#fail(DAMAGED_VALUES, this.#cursor.placeOf(runStart));
  }

  #hasFault(damage: string): boolean {
    const cursor = this.#cursor;
    if (cursor.fault === undefined) return false;
    if (!cursor.isForeign) this.#fail(damage, cursor.placeOf(cursor.fault.at));
    return true;
  }

  #fail(damage: string, at: number): false {
    this.#damage = damage;
    this.#damageAt = at;
    return false;
  }
}

const DAMAGED_VALUES = 'truncated or damaged in the values of a feature';
