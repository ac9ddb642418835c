import type { RecordBatch } from '../../formats/batch.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { NONE } from '../../messages/example/list-cursor.ts';
import { MAX_FEATURES } from '../stats/dataset-stats.ts';
import { NamedEntries } from '../stats/named-entries.ts';
import { type RecordContent, recordContent } from '../stats/record-content.ts';
import { RecordRecognizer } from '../stats/record-type.ts';
import { FeatureChecker } from './feature-checker.ts';
import type { FeatureListSchema, RecordSchema } from './schema.ts';
import type { FoundFeature, SchemaFindings } from './schema-findings.ts';
import { type CheckedRecord, type SchemaViolation, Tallies } from './violations.ts';

/** Checks the records of one file against a schema, batch by batch. */
export class SchemaChecker {
  readonly #schema: RecordSchema;
  readonly #recognizer = new RecordRecognizer();
  readonly #at: CheckedRecord = { record: 0, offset: 0 };
  readonly #records = new Tallies(null, false, this.#at);
  readonly #features: Checkers;
  readonly #lists: Checkers;

  constructor(schema: RecordSchema) {
    this.#schema = schema;
    const { unknownFeatures = 'error', features, featureLists = {} } = schema;
    this.#features = new Checkers(features, false, unknownFeatures === 'error', this.#at);
    this.#lists = new Checkers(featureLists, true, unknownFeatures === 'error', this.#at);
  }

  /** Checks the records of a batch. @param format of the file, if known: see `recognizeRecord` */
  add(batch: RecordBatch, format?: FormatName): void {
    const { bytes, index, length, firstRecord } = batch;
    const { message } = this.#schema;
    for (let i = 0; i < length; i++) {
      const from = index[2 * i];
      this.#at.record = firstRecord + i;
      this.#at.offset = batch.offset(i);
      const to = from + index[2 * i + 1];
      const type = this.#recognizer.recognize(bytes, from, to, format);
      // A SequenceExample without feature lists is an Example.
      if (type !== message && !(type === 'Example' && message === 'SequenceExample'))
        this.#records.breaks('message', () => `expected ${message}, got ${this.#recognizer.describe(type)}`);
      if (type === 'Example' || type === 'SequenceExample') {
        if (message === 'Example' || message === 'SequenceExample') this.#check();
      } else if (type === message) this.#checkContent(recordContent(bytes.subarray(from, to), type));
    }
  }

  /** Returns the violated rules, and the features that occurred. */
  findings(): SchemaFindings {
    const violations = [
      this.#records.violations(),
      this.#features.violations(),
      this.#lists.violations(),
    ].flat();
    return {
      // The violations of one record remain in this order.
      violations: violations.sort((a, b) => a.record - b.record),
      features: [...this.#features.found(), ...this.#lists.found()],
      truncated: this.#features.truncated || this.#lists.truncated,
    };
  }

  /**
   * Checks an Example or SequenceExample. Features are checked from the last to the first, because
   * the last one with a given name is used.
   */
  #check(): void {
    const { index } = this.#recognizer;
    const { bytes } = index;
    const { record } = this.#at;
    this.#features.begin();
    for (let i = index.featureCount - 1; i >= 0; i--)
      this.#features.next(bytes, index.nameStart(i), index.nameEnd(i), record)?.check(index, i, record);
    this.#lists.begin();
    for (let i = index.listCount - 1; i >= 0; i--) {
      const checker = this.#lists.next(bytes, index.listNameStart(i), index.listNameEnd(i), record);
      if (checker === undefined) continue;
      const firstStep = index.firstStep(i);
      const end = index.firstStep(i + 1);
      checker.checkSteps(end - firstStep);
      let first = NONE;
      for (let step = firstStep; step < end; step++) {
        const kind = index.kind(step);
        if (first === NONE) first = kind;
        else if (kind !== NONE && kind !== first)
          checker.tallies.breaks(
            'homogeneous',
            () => 'expected all steps to have one type, got several types in one record',
          );
        checker.check(index, step, record);
      }
    }
    this.#features.checkRequired(record);
    this.#lists.checkRequired(record);
  }

  /** Checks the fields of a record that is not an Example. */
  #checkContent({ features, featureLists }: RecordContent): void {
    const { record } = this.#at;
    for (const [name, field] of features) this.#features.nextByName(name, record)?.checkField(field, record);
    for (const [name, steps] of featureLists) {
      const checker = this.#lists.nextByName(name, record);
      checker?.checkSteps(steps.length);
      for (const step of steps) checker?.checkField(step, record);
    }
    this.#features.checkRequired(record);
    this.#lists.checkRequired(record);
  }
}

const TYPES = [undefined, 'bytes', 'float', 'int64', 'float64', 'int32'] as const;

/** Holds the checkers of all features, or of all feature lists. */
class Checkers {
  readonly #table: NamedEntries<FeatureChecker>;
  readonly #known: FeatureChecker[];
  readonly #required: FeatureChecker[];
  readonly #refuses: boolean;
  readonly #isList: boolean;

  constructor(
    rules: { readonly [name: string]: FeatureListSchema },
    isList: boolean,
    refuses: boolean,
    at: CheckedRecord,
  ) {
    const known = new Map(
      Object.entries(rules).map(([name, one]) => [name, new FeatureChecker(name, one, isList, at)]),
    );
    this.#known = [...known.values()];
    this.#required = this.#known.filter((checker) => checker.rules?.required);
    this.#refuses = refuses;
    this.#isList = isList;
    this.#table = new NamedEntries(
      (name) => known.get(name) ?? new FeatureChecker(name, undefined, isList, at),
      MAX_FEATURES + known.size,
    );
  }

  /** Starts a new record. */
  begin(): void {
    this.#table.begin();
  }

  /**
   * Returns the checker for the name at [start, end) of `bytes`, or undefined if the name was
   * already checked in this record.
   */
  next(bytes: Uint8Array, start: number, end: number, record: number): FeatureChecker | undefined {
    return this.#met(this.#table.find(bytes, start, end), record);
  }

  nextByName(name: string, record: number): FeatureChecker | undefined {
    return this.#met(this.#table.byName(name), record);
  }

  #met(checker: FeatureChecker | undefined, record: number): FeatureChecker | undefined {
    if (checker === undefined || checker.lastRecord === record) return undefined;
    checker.lastRecord = record;
    if (checker.rules === undefined && this.#refuses)
      checker.tallies.breaks('unknown-feature', () => 'not in the schema');
    return checker;
  }

  checkRequired(record: number): void {
    for (const checker of this.#required) {
      const last = this.#isList ? checker.lastRecord : checker.lastList;
      if (last !== record)
        checker.tallies.breaks('required', () =>
          checker.lastRecord === record
            ? 'expected a list, got a feature without a list'
            : 'required in every record, but missing from one',
        );
    }
  }

  get truncated(): boolean {
    return this.#table.truncated;
  }

  found(): FoundFeature[] {
    return this.#table.entries().map(({ name, rules, firstKind }) => ({
      feature: name,
      isList: this.#isList,
      listed: rules !== undefined,
      type: TYPES[firstKind],
    }));
  }

  violations(): SchemaViolation[] {
    const met = this.#table.entries().filter((checker) => checker.rules === undefined);
    return [...this.#known, ...met].flatMap((checker) => checker.tallies.violations());
  }
}
