import { RecordpipeError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';
import type { FormatName } from '../../formats/registry.ts';
import { MAX_FEATURES } from '../stats/dataset-stats.ts';
import { NameTable } from '../stats/name-table.ts';
import { type RecordContent, recordContent } from '../stats/record-content.ts';
import { FEATURE, LIST, NONE, type RecordOutline, STEP } from '../stats/record-outline.ts';
import { RecordRecognizer } from '../stats/record-type.ts';
import { FeatureChecker } from './feature-checker.ts';
import type { FeatureListSchema, FeatureType, RecordSchema } from './schema.ts';

/** What a record can be wrong in. */
export type SchemaRule =
  | 'message'
  | 'unknown-feature'
  | 'required'
  | 'type'
  | 'one-type'
  | 'homogeneous'
  | 'steps'
  | 'length'
  | 'range'
  | 'nan'
  | 'infinity'
  | 'bytes'
  | 'utf8'
  | 'values'
  | 'images'
  | 'width'
  | 'height';

/** A rule that records of a file break. */
export interface SchemaViolation {
  readonly rule: SchemaRule;
  /** The feature or, with `isList`, the feature list; null for rules about whole records. */
  readonly feature: string | null;
  readonly isList: boolean;
  /** Records that break it. */
  readonly count: number;
  /** The first of them. */
  readonly record: number;
  readonly offset: number;
  /** What was expected, and what the first one has. */
  readonly message: string;
}

/** Where in a file a checker is. */
export interface CheckedRecord {
  record: number;
  offset: number;
}

interface Tally {
  count: number;
  last: number;
  readonly record: number;
  readonly offset: number;
  readonly message: string;
}

/** Counts, for one feature, the records that break each of its rules. */
export class Tallies {
  readonly #feature: string | null;
  readonly #isList: boolean;
  readonly #at: CheckedRecord;
  readonly #tallies = new Map<SchemaRule, Tally>();

  constructor(feature: string | null, isList: boolean, at: CheckedRecord) {
    this.#feature = feature;
    this.#isList = isList;
    this.#at = at;
  }

  /** @param message made for the first record only */
  breaks(rule: SchemaRule, message: () => string): void {
    const { record, offset } = this.#at;
    const tally = this.#tallies.get(rule);
    if (tally === undefined) {
      this.#tallies.set(rule, { count: 1, last: record, record, offset, message: message() });
    } else if (tally.last !== record) {
      tally.count++;
      tally.last = record;
    }
  }

  violations(): SchemaViolation[] {
    return [...this.#tallies].map(([rule, { count, record, offset, message }]) => ({
      rule,
      feature: this.#feature,
      isList: this.#isList,
      count,
      record,
      offset,
      message,
    }));
  }
}

/** Checks the records of one file against a schema, batch by batch. */
export class SchemaChecker {
  readonly #schema: RecordSchema;
  readonly #recognizer = new RecordRecognizer();
  readonly #outline: RecordOutline = this.#recognizer.outline;
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

  /** @param format of the file, if known: see `recognizeRecord` */
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

  /** The rules that are broken, by the place of the first record that does. */
  violations(): SchemaViolation[] {
    const found = [this.#records.violations(), this.#features.violations(), this.#lists.violations()].flat();
    return found.sort((a, b) => a.record - b.record);
  }

  /** The features that the schema allows without saying anything of them, and their first type. */
  unlisted(): { feature: string; isList: boolean; type: FeatureType }[] {
    if (this.#schema.unknownFeatures !== 'allow') return [];
    return [...this.#features.unlisted(), ...this.#lists.unlisted()];
  }

  #check(): void {
    const outline = this.#outline;
    const { record } = this.#at;
    const { features, lists, steps, bytes } = outline;
    // From the last to the first: of a repeated name the last one counts.
    for (let i = outline.featureCount - 1; i >= 0; i--) {
      const at = FEATURE * i;
      const checker = this.#features.next(bytes, features[at], features[at + 1], i, record);
      checker?.check(outline, record, features[at + 2], features[at + 3], features[at + 4]);
    }
    for (let i = outline.listCount - 1; i >= 0; i--) {
      const at = LIST * i;
      const checker = this.#lists.next(bytes, lists[at], lists[at + 1], i, record);
      if (checker === undefined) continue;
      checker.checkSteps(lists[at + 3]);
      let first = NONE;
      const end = STEP * (lists[at + 2] + lists[at + 3]);
      for (let step = STEP * lists[at + 2]; step < end; step += STEP) {
        const kind = steps[step];
        if (first === NONE) first = kind;
        else if (kind !== NONE && kind !== first)
          checker.tallies.breaks(
            'homogeneous',
            () => 'expected steps of one type, got several in one record',
          );
        checker.check(outline, record, kind, steps[step + 1], steps[step + 2]);
      }
    }
    this.#features.checkRequired(record);
    this.#lists.checkRequired(record);
  }

  /** Checks the fields of a message that is not an Example. */
  #checkContent({ features, featureLists }: RecordContent): void {
    const { record } = this.#at;
    for (const [name, field] of features) this.#features.nextText(name, record)?.checkField(field, record);
    for (const [name, steps] of featureLists) {
      const checker = this.#lists.nextText(name, record);
      checker?.checkSteps(steps.length);
      for (const step of steps) checker?.checkField(step, record);
    }
    this.#features.checkRequired(record);
    this.#lists.checkRequired(record);
  }
}

const TYPES = [undefined, 'bytes', 'float', 'int64', 'float64', 'int32'] as const;

/** The checkers of all features, or of all feature lists. */
class Checkers {
  readonly #table: NameTable<FeatureChecker>;
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
    this.#table = new NameTable(
      (name) => known.get(name) ?? new FeatureChecker(name, undefined, isList, at),
      MAX_FEATURES + known.size,
    );
  }

  /** The checker of a feature that is met for the first time in its record. */
  next(
    bytes: Uint8Array,
    from: number,
    to: number,
    position: number,
    record: number,
  ): FeatureChecker | undefined {
    return this.#met(this.#table.find(bytes, from, to, position), record);
  }

  /** The same by a name that is a string already. */
  nextText(name: string, record: number): FeatureChecker | undefined {
    return this.#met(this.#table.findText(name), record);
  }

  #met(checker: FeatureChecker | undefined, record: number): FeatureChecker | undefined {
    if (checker === undefined || checker.lastRecord === record) return undefined;
    checker.lastRecord = record;
    if (checker.rules === undefined && this.#refuses)
      checker.tallies.breaks('unknown-feature', () => 'expected no such feature, got one');
    return checker;
  }

  checkRequired(record: number): void {
    for (const checker of this.#required) {
      const last = this.#isList ? checker.lastRecord : checker.lastList;
      if (last !== record)
        checker.tallies.breaks('required', () =>
          checker.lastRecord === record
            ? 'expected a list, got a feature without one'
            : 'expected in every record, got a record without it',
        );
    }
  }

  unlisted(): { feature: string; isList: boolean; type: FeatureType }[] {
    return this.#table.entries().flatMap(({ name, rules, firstKind }) => {
      const type = TYPES[firstKind];
      return rules !== undefined || type === undefined ? [] : [{ feature: name, isList: this.#isList, type }];
    });
  }

  violations(): SchemaViolation[] {
    const met = this.#table.entries().filter((checker) => checker.rules === undefined);
    return [...this.#known, ...met].flatMap((checker) => checker.tallies.violations());
  }
}

/** A violation as a finding of its file. */
export function violationError(
  violation: SchemaViolation,
  uri: string,
  compressed: boolean,
): RecordpipeError {
  const { feature, isList, count, record, offset, message, rule } = violation;
  const subject =
    feature === null ? 'record' : `${isList ? 'feature list' : 'feature'} ${JSON.stringify(feature)}`;
  const more = count === 1 ? '' : `; ${count} records of this file break this rule`;
  const text = `schema: ${subject}: ${rule}: ${message}${more}`;
  return new RecordpipeError('schema-mismatch', text, { uri, record, offset, compressed });
}
