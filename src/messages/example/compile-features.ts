import { checkOptionNames, typeName } from '../../bytes/arguments.ts';
import { type ErrorPlace, UsageError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import { columnOf } from './columns.ts';
import { checkRecord } from './decode-options.ts';
import type { FeatureSpecs, ParsedBatch, ParsedExample, PlanInt64 } from './feature-specs.ts';
import { FoundFeatures } from './found-features.ts';

/** Options of {@link compileFeatures}. */
export interface CompileFeaturesOptions<M extends PlanInt64 = PlanInt64> {
  /**
   * Type of integers: `BigInt64Array`, or numbers in a `Float64Array`. With numbers, an integer
   * beyond 2^53 - 1 is an error.
   */
  readonly int64: M;
  /**
   * Whether to apply stricter rules, as in `decodeExample`. With `tf`, features that TensorFlow
   * rejects or reads differently are errors. Only requested features are read.
   */
  readonly strict: false | 'tf';
  /**
   * Whether arrays of numbers may use the memory of the previous result, which is then valid only
   * until the next call to the plan. This makes batches of long lists faster, because the operating
   * system maps megabytes of new memory page by page.
   */
  readonly reuse: boolean;
}

/** Default options of {@link compileFeatures}. */
export const DEFAULT_COMPILE_FEATURES_OPTIONS: Readonly<CompileFeaturesOptions<'bigint'>> = Object.freeze({
  int64: 'bigint',
  strict: false,
  reuse: false,
});

/** A compiled plan. Its methods do not use `this`, so they can be passed directly to `map`. */
export interface FeaturePlan<S extends FeatureSpecs, M extends PlanInt64 = 'bigint'> {
  /**
   * Returns the features of one record.
   *
   * @param place source of the record, for errors
   * @throws RecordpipeError `malformed-example`, `schema-mismatch`
   */
  readonly parse: (record: Uint8Array, place?: ErrorPlace) => ParsedExample<S, M>;
  /**
   * Returns the features of many records, column by column.
   *
   * @param place source of the first record, for errors; a RecordBatch knows its own
   * @throws RecordpipeError `malformed-example`, `schema-mismatch`
   */
  readonly parseBatch: (
    records: readonly Uint8Array[] | RecordBatch,
    place?: ErrorPlace,
  ) => ParsedBatch<S, M>;
}

/**
 * Compiles the requested features, and the form of each, into a plan that reads Examples. Missing
 * features, empty lists, other kinds and other numbers of values are treated according to the rules
 * of TensorFlow's `parse_single_example` and `parse_example`. Other features are skipped by their
 * declared lengths.
 *
 * Arrays of numbers are new memory that the caller owns (except with `reuse`). Bytes, such as
 * images, are not copied: each value is a view of its record's memory, which belongs to whoever
 * read the record. A view keeps that memory alive, so it stays valid, except for records of a
 * reader with `reuse`, where it is valid only until the next record. To keep a value beyond that,
 * or without the memory around it, copy it: `value.slice()`. A plan keeps some memory between
 * batches.
 *
 * @throws UsageError for invalid specs
 * @example
 * ```ts
 * import { compileFeatures, encodeExample, fixedLen, varLen } from 'recordpipe/messages';
 * const plan = compileFeatures({ label: fixedLen([], 'int64'), tags: varLen('bytes') }, { int64: 'number' });
 * const record = encodeExample({
 *   label: { kind: 'int64', value: [7] },
 *   tags: { kind: 'bytes', value: ['a', 'b'] },
 *   image: { kind: 'bytes', value: [new Uint8Array(1000)] },
 * });
 * console.log(plan.parse(record).label, plan.parse(record).tags.length); // 7 2
 * const { label, tags } = plan.parseBatch([record, record]);
 * console.log(label.shape, [...label.values], tags.shape); // [ 2 ] [ 7, 7 ] [ 2, 2 ]
 * ```
 */
export function compileFeatures<const S extends FeatureSpecs, M extends PlanInt64 = 'bigint'>(
  specs: S,
  options: Partial<CompileFeaturesOptions<M>> = {},
): FeaturePlan<S, M> {
  checkOptionNames('compileFeatures', options, { int64: 0, strict: 0, reuse: 0 });
  const { int64 = 'bigint', strict = false, reuse = false } = options;
  if (int64 !== 'bigint' && int64 !== 'number')
    throw new UsageError(`int64: expected 'bigint' or 'number', got ${String(int64)}`);
  if (strict !== false && strict !== 'tf')
    throw new UsageError(`strict: expected false or 'tf', got ${String(strict)}`);
  if (typeof reuse !== 'boolean') throw new UsageError(`reuse: expected a boolean, got ${String(reuse)}`);
  if (typeof specs !== 'object' || specs === null)
    throw new UsageError(`specs: expected an object with a spec for each feature, got ${typeName(specs)}`);
  const slotOfName = new Map<string, number>();
  const slotOf = (name: string): number => {
    let slot = slotOfName.get(name);
    if (slot === undefined) {
      slot = slotOfName.size;
      slotOfName.set(name, slot);
    }
    return slot;
  };
  const names = Object.keys(specs);
  if (names.includes('__proto__')) throw new UsageError('specs: __proto__ is not a supported name');
  const columns = names.map((name) => columnOf(name, specs[name], int64, slotOf, reuse));
  const slots = [...slotOfName.keys()];
  const one = new FoundFeatures(slots, strict);
  const many = new FoundFeatures(slots, strict);
  for (const { onePass } of columns) if (onePass !== undefined) many.collect(onePass);

  const parse = (record: Uint8Array, place: ErrorPlace = {}): unknown => {
    checkRecord(record);
    const parsed: Record<string, unknown> = {};
    try {
      one.begin(1, () => place);
      one.add(record, 0, record.length);
      for (let i = 0; i < names.length; i++) parsed[names[i]] = columns[i].single(one);
    } finally {
      one.close();
    }
    return parsed;
  };

  const parseMany = (add: () => void): unknown => {
    const parsed: Record<string, unknown> = {};
    try {
      add();
      for (let i = 0; i < names.length; i++) parsed[names[i]] = columns[i].batch(many);
    } finally {
      many.close();
    }
    return parsed;
  };
  const parseBatch = (records: readonly Uint8Array[] | RecordBatch, place: ErrorPlace = {}): unknown =>
    parseMany(() => {
      if (records instanceof RecordBatch) addBatch(many, records, place);
      else addAll(many, records, place);
    });

  const parseRows: PlanInternals['parseRows'] = (rows, placeOf, addEach) =>
    parseMany(() => {
      many.begin(rows, placeOf);
      addEach((bytes, start, end) => many.add(bytes, start, end));
    });

  const plan = Object.freeze({ parse, parseBatch });
  internals.set(plan, { specs: { ...specs }, parseRows });
  return plan as FeaturePlan<S, M>;
}

/** What other modules need from a plan in addition to its methods. */
export interface PlanInternals {
  readonly specs: FeatureSpecs;
  /**
   * Returns the features of many records, column by column.
   *
   * @param rows maximum number of records
   * @param placeOf called with the row for which an error is thrown; returns its source
   * @param addAll passes each record, which is [start, end) of `bytes`, to `add`
   */
  readonly parseRows: (
    rows: number,
    placeOf: (row: number) => ErrorPlace,
    addAll: (add: (bytes: Uint8Array, start: number, end: number) => void) => void,
  ) => unknown;
}

const internals = new WeakMap<object, PlanInternals>();

/** Returns the internals of a plan. @throws UsageError for any other value */
export function planInternals(plan: unknown): PlanInternals {
  const found = typeof plan === 'object' && plan !== null ? internals.get(plan) : undefined;
  if (found === undefined)
    throw new UsageError(`plan: expected a plan from compileFeatures, got ${typeName(plan)}`);
  return found;
}

function addBatch(found: FoundFeatures, batch: RecordBatch, place: ErrorPlace): void {
  const { bytes, index, length, firstRecord } = batch;
  found.begin(length, (i) => ({ ...place, record: firstRecord + i, offset: batch.offset(i) }));
  for (let i = 0; i < length; i++) {
    const start = index[2 * i];
    found.add(bytes, start, start + index[2 * i + 1]);
  }
}

function addAll(found: FoundFeatures, records: readonly Uint8Array[], place: ErrorPlace): void {
  if (!Array.isArray(records))
    throw new UsageError(`records: expected an array of records or a RecordBatch, got ${typeof records}`);
  const first = place.record ?? 0;
  found.begin(records.length, (i) => ({
    ...place,
    record: first + i,
    offset: i === 0 ? place.offset : undefined,
  }));
  for (const record of records as readonly Uint8Array[]) {
    checkRecord(record);
    found.add(record, 0, record.length);
  }
}
