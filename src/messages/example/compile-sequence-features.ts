import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import { columnOf } from './columns.ts';
import { type CompileFeaturesOptions, compileFeatures } from './compile-features.ts';
import { FeatureCursor } from './feature-cursor.ts';
import {
  type FeatureSpec,
  type FeatureSpecs,
  type FixedLenSequenceSpec,
  fixedLen,
  type ParsedColumn,
  type ParsedExample,
  type PlanInt64,
  type RaggedSpec,
  type VarLenSpec,
} from './feature-specs.ts';
import { FoundFeatures, SlotFinder } from './found-features.ts';

/**
 * What to read from one feature list: in each step, as many values as a shape has
 * (`fixedLenSequence`), or any number of values.
 */
export type FeatureListSpec = FixedLenSequenceSpec | VarLenSpec | RaggedSpec;

/** What to read from feature lists, by name. */
export type FeatureListSpecs = { readonly [name: string]: FeatureListSpec };

/**
 * Result of a plan for a SequenceExample. In the columns of feature lists, the steps take the place
 * of the records of a batch.
 */
export interface ParsedSequence<C extends FeatureSpecs, L extends FeatureListSpecs, M extends PlanInt64> {
  /** Values of the features of the context. */
  readonly context: ParsedExample<C, M>;
  /** Values of the feature lists. */
  readonly featureLists: { -readonly [Name in keyof L]: ParsedColumn<L[Name], M> };
}

/** A compiled plan. Its method does not use `this`. */
export interface SequenceFeaturePlan<
  C extends FeatureSpecs,
  L extends FeatureListSpecs,
  M extends PlanInt64 = 'bigint',
> {
  /**
   * Returns the requested features of one record.
   *
   * @param place source of the record, for errors
   * @throws RecordpipeError `malformed-example`, `schema-mismatch`
   */
  readonly parse: (record: Uint8Array, place?: ErrorPlace) => ParsedSequence<C, L, M>;
}

/**
 * Compiles the requested features of the context and the requested feature lists of
 * SequenceExamples into a plan, as TensorFlow's `parse_single_sequence_example` does. The plan
 * reads the context as {@link compileFeatures} reads an Example. For a feature list,
 * `fixedLenSequence(shape, kind)` returns values of shape `[steps, …shape]`, `varLen` a sparse
 * column and `ragged` a ragged column, with one row per step. A record without the list has no
 * steps. Unlike in TensorFlow, this does not require `allow_missing`.
 *
 * Arrays are new memory that the caller owns (except with `reuse`, which applies only to the
 * context). Bytes are views of the record.
 *
 * @throws UsageError for invalid specs, and for `sparse` and `fixedLen` as the spec of a feature
 *   list
 * @example
 * ```ts
 * import { compileSequenceFeatures, encodeSequenceExample, fixedLen, ragged } from 'recordpipe/messages';
 * const plan = compileSequenceFeatures({ id: fixedLen([], 'int64') }, { tokens: ragged('int64') }, { int64: 'number' });
 * const record = encodeSequenceExample({
 *   context: { id: { kind: 'int64', value: [7] } },
 *   featureLists: { tokens: [{ kind: 'int64', value: [5] }, { kind: 'int64', value: [6, 7] }] },
 * });
 * const { context, featureLists } = plan.parse(record);
 * console.log(context.id, [...featureLists.tokens.values], [...featureLists.tokens.rowSplits]); // 7 [ 5, 6, 7 ] [ 0, 1, 3 ]
 * ```
 */
export function compileSequenceFeatures<
  const C extends FeatureSpecs,
  const L extends FeatureListSpecs,
  M extends PlanInt64 = 'bigint',
>(
  contextSpecs: C,
  listSpecs: L,
  options: Partial<CompileFeaturesOptions<M>> = {},
): SequenceFeaturePlan<C, L, M> {
  const context = compileFeatures(contextSpecs, options);
  const { int64 = 'bigint', strict = false } = options;
  const names = Object.keys(listSpecs);
  if (names.includes('__proto__')) throw new UsageError('specs: __proto__ is not a supported name');
  const keys = names.map((name) => keyOf(name, listSpecs[name]));
  const slots = [...new Set(keys)];
  const finder = new SlotFinder(slots);
  const lists = slots.map((name) => new FoundFeatures([name], strict));
  const columns = names.map((name) => columnOf(name, stepSpec(listSpecs[name]), int64, () => 0));
  const listOfColumn = keys.map((key) => lists[slots.indexOf(key)]);
  const cursor = new FeatureCursor();
  cursor.strict = strict;

  const findLists = (record: Uint8Array, place: ErrorPlace): void => {
    for (const list of lists) list.begin(0, () => place);
    finder.begin();
    cursor.open(record);
    while (cursor.nextList()) {
      const slot = finder.find(record, cursor.nameStart, cursor.nameEnd);
      if (slot < 0) continue;
      const list = lists[slot];
      // Only the last list with a given name is used.
      list.begin(0, () => place);
      while (cursor.nextStep()) list.addStep(record, cursor);
    }
    const { fault } = cursor;
    if (fault !== undefined)
      throw new RecordpipeError(
        'malformed-example',
        `example: feature lists: ${fault.message} (at byte ${cursor.placeOf(fault.at)} of the ${record.length}-byte record)`,
        place,
      );
  };

  const parse = (record: Uint8Array, place: ErrorPlace = {}): unknown => {
    const parsed: Record<string, unknown> = {};
    const parsedContext = context.parse(record, place);
    try {
      findLists(record, place);
      for (let i = 0; i < names.length; i++) parsed[names[i]] = columns[i].batch(listOfColumn[i]);
    } finally {
      cursor.close();
      for (const list of lists) list.close();
    }
    return { context: parsedContext, featureLists: parsed };
  };
  return Object.freeze({ parse }) as SequenceFeaturePlan<C, L, M>;
}

function keyOf(name: string, spec: FeatureListSpec): string {
  if (spec?.type === 'ragged') return spec.valueKey ?? name;
  if (spec?.type === 'varLen' || spec?.type === 'fixedLenSequence') return name;
  throw new UsageError(
    `${JSON.stringify(name)}: expected fixedLenSequence, varLen or ragged for a feature list, got ${JSON.stringify(spec)}`,
  );
}

/** Returns the spec of a step, which is treated as the only feature of a record. */
function stepSpec(spec: FeatureListSpec): FeatureSpec {
  return spec.type === 'fixedLenSequence' ? fixedLen(spec.shape, spec.kind) : spec;
}
