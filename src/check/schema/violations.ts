import { RecordpipeError } from '../../errors.ts';

/** Kind of a rule. */
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

/** A rule that records of a file violate. */
export interface SchemaViolation {
  /** The violated rule. */
  readonly rule: SchemaRule;
  /**
   * Name of the feature, or of the feature list if `isList` is true; null for rules about whole
   * records.
   */
  readonly feature: string | null;
  /** Whether `feature` is the name of a feature list. */
  readonly isList: boolean;
  /** Number of records that violate the rule. */
  readonly count: number;
  /** Index of the first record that violates the rule. */
  readonly record: number;
  /** Offset of the first record that violates the rule. */
  readonly offset: number;
  /**
   * Description of the expected value, and of the actual value in the first record that violates
   * the rule.
   */
  readonly message: string;
}

/** Position of the record that is checked. */
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

/** Counts the records that violate the rules of one feature. */
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

  /** Counts the current record. @param message called only for the first record */
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

/** Returns the finding for a violation in a file. */
export function violationError(
  violation: SchemaViolation,
  uri: string,
  compressed: boolean,
): RecordpipeError {
  const { feature, isList, count, record, offset, message, rule } = violation;
  const subject =
    feature === null ? 'record' : `${isList ? 'feature list' : 'feature'} ${JSON.stringify(feature)}`;
  const more = count === 1 ? '' : `; ${count} records of this file violate this rule`;
  const text = `schema: ${subject}: ${rule}: ${message}${more}`;
  return new RecordpipeError('schema-mismatch', text, { uri, record, offset, compressed });
}
