import { areVarints } from '../../bytes/wire/varints.ts';
import { findMalformedUtf8 } from '../../formats/utf8.ts';
import { FeatureCursor } from './feature-cursor.ts';
import { FeaturePlaces } from './feature-places.ts';
import { sendValues, type ValueSink } from './feature-values.ts';
import { INT64, NONE } from './list-cursor.ts';

/**
 * Recognizes Examples and SequenceExamples, and keeps the positions of their features. One object
 * serves all records. It allocates nothing per record and throws no errors.
 *
 * A record is accepted only if every field belongs to these messages, because protobuf accepts
 * nearly any message as an Example with unknown fields. The values of an accepted record are
 * undamaged. A name may occur twice; the last one is used.
 */
export class FeatureIndex {
  /**
   * Number of features of the Example or context. Features are numbered by position in the record.
   */
  featureCount = 0;
  /** Number of feature lists. Lists are numbered by position in the record. */
  listCount = 0;
  readonly #cursor = new FeatureCursor();
  /** Places of the features, followed by those of the steps of all lists. */
  readonly #places = new FeaturePlaces();
  #placeCount = 0;
  /** Start and end of the name of each feature, then of each list. */
  readonly #names: number[] = [];
  /** Number of the first step of each list, then the end of the last list. */
  readonly #firstSteps: number[] = [];
  #from = 0;
  #to = 0;
  /** Description of the damage to the record. */
  #damage = '';
  /** Position of the damage in `bytes`. */
  #damageAt = 0;

  constructor() {
    this.#cursor.strict = 'exact';
  }

  /**
   * Reads the record at [from, to) of `bytes`. Reports whether it is an Example or SequenceExample.
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

  /** Reason why `read` returned false; empty for a field that does not belong to the messages. */
  get problem(): string {
    if (this.#damage === '') return '';
    const at = this.#damageAt - this.#from;
    return `${this.#damage} (at byte ${at} of the ${this.#to - this.#from}-byte record)`;
  }

  /** Releases the record. */
  close(): void {
    this.#cursor.close();
    this.#places.release();
  }

  /** The bytes that contain the names. */
  get bytes(): Uint8Array {
    return this.#cursor.record;
  }

  /** Whether the record sets its features, even if they are empty. */
  get hasFeatures(): boolean {
    return this.#cursor.hasFeatures;
  }

  /** Whether the record sets its feature lists, even if they are empty. */
  get isSequence(): boolean {
    return this.#cursor.isSequence;
  }

  /**
   * Whether an entry lacks its name or its value, or repeats one of them. No writer produces such
   * entries, but other messages appear to contain them when parsed as an Example.
   */
  get isOdd(): boolean {
    return this.#cursor.isOdd;
  }

  /** Returns the position in `bytes` at which the name of a feature begins. */
  nameStart(feature: number): number {
    return this.#names[2 * feature];
  }

  nameEnd(feature: number): number {
    return this.#names[2 * feature + 1];
  }

  /** Returns the position in `bytes` at which the name of a feature list begins. */
  listNameStart(list: number): number {
    return this.#names[2 * (this.featureCount + list)];
  }

  listNameEnd(list: number): number {
    return this.#names[2 * (this.featureCount + list) + 1];
  }

  /**
   * Returns the number of the first step of a list, which can be used as a feature. The steps end
   * at the first step of the next list.
   */
  firstStep(list: number): number {
    return this.#firstSteps[list];
  }

  /** Returns the kind of a feature or step, as a number. */
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

  /** Checks the values of the current run. Returns false if any is damaged. */
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
