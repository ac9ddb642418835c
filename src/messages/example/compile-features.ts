import { typeName } from '../../bytes/arguments.ts';
import type { ErrorPlace } from '../../errors.ts';
import { UsageError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import { columnOf } from './columns.ts';
import type { FeatureSpec } from './feature-specs.ts';
import { FoundFeatures } from './found-features.ts';
import type { FeatureSpecs, ParsedBatch, ParsedExample, PlanInt64 } from './parsed.ts';

/** How a plan reads. */
export interface CompileFeaturesOptions<M extends PlanInt64 = PlanInt64> {
  /** Integers as `BigInt64Array`, or as numbers (`Float64Array`): then one beyond 2^53 - 1 is an error. */
  readonly int64: M;
  /** As in `decodeExample`: with `tf`, what TensorFlow would reject or read otherwise is an error. Only wanted features are looked into. */
  readonly strict: false | 'tf';
  /**
   * Whether arrays of numbers may have the memory of those before: then they hold until the next call of the plan. Batches of long lists need it to be quick,
   * because new memory of megabytes is mapped page by page as it is written.
   */
  readonly reuse: boolean;
}

/** What holds where nothing is said. */
export const DEFAULT_COMPILE_FEATURES_OPTIONS: Readonly<CompileFeaturesOptions<'bigint'>> = Object.freeze({
  int64: 'bigint',
  strict: false,
  reuse: false,
});

/** A compiled plan. Its methods need no `this`: they can be handed to `map` as they are. */
export interface FeaturePlan<S extends FeatureSpecs, M extends PlanInt64 = 'bigint'> {
  /**
   * The features of one record. `place` says in errors where it is from.
   *
   * @throws RecordpipeError `malformed-example`, `schema-mismatch`
   */
  readonly parse: (record: Uint8Array, place?: ErrorPlace) => ParsedExample<S, M>;
  /**
   * The features of many records, column by column. `place` says in errors where the first is from; a RecordBatch knows that itself.
   *
   * @throws RecordpipeError `malformed-example`, `schema-mismatch`
   */
  readonly parseBatch: (
    records: readonly Uint8Array[] | RecordBatch,
    place?: ErrorPlace,
  ) => ParsedBatch<S, M>;
}

/**
 * Compiles which features are wanted, and in what form, into a plan that reads Examples: as TensorFlow's `parse_single_example` and `parse_example` do,
 * with the same rules for what is missing, empty, or of another kind or number. Features that are not wanted are passed over by their length.
 *
 * Arrays are new memory and belong to the caller (but for `reuse`); bytes are views of the records. A plan keeps some memory from batch to batch.
 *
 * @throws UsageError for specs that are none
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
  if (names.includes('__proto__')) throw new UsageError('specs: expected other names than __proto__');
  const columns = names.map((name) => columnOf(name, specs[name] as FeatureSpec, int64, slotOf, reuse));
  const slots = [...slotOfName.keys()];
  const one = new FoundFeatures(slots, strict);
  const many = new FoundFeatures(slots, strict);

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

  const parseBatch = (records: readonly Uint8Array[] | RecordBatch, place: ErrorPlace = {}): unknown => {
    const parsed: Record<string, unknown> = {};
    try {
      if (records instanceof RecordBatch) addBatch(many, records, place);
      else addAll(many, records, place);
      for (let i = 0; i < names.length; i++) parsed[names[i]] = columns[i].batch(many);
    } finally {
      many.close();
    }
    return parsed;
  };
  return Object.freeze({ parse, parseBatch }) as FeaturePlan<S, M>;
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

function checkRecord(record: unknown): void {
  if (!(record instanceof Uint8Array))
    throw new UsageError(`record: expected bytes (Uint8Array), got ${typeof record}`);
}
