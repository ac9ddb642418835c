import { WireFault } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import { columnOf } from './columns.ts';
import { type CompileFeaturesOptions, compileFeatures } from './compile-features.ts';
import { type FixedLenSequenceSpec, fixedLen, type RaggedSpec, type VarLenSpec } from './feature-specs.ts';
import { FeatureWalk } from './feature-walk.ts';
import { FoundFeatures } from './found-features.ts';
import type { FeatureSpecs, ParsedColumn, ParsedExample, PlanInt64 } from './parsed.ts';
import { SlotFinder } from './slot-finder.ts';

const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;

/** Goes through the feature lists of a SequenceExample: `nextList`, and for each of them `nextStep`. The context goes as in any Example. */
export class FeatureListWalk extends FeatureWalk {
  #record: Uint8Array = this.bytes;
  /** Where to go on in the record, and where the feature lists end that are being walked. */
  #listAt = 0;
  #listsEnd = 0;
  /** The FeatureList of one name: bytes, next step, end. */
  #steps: Uint8Array = this.bytes;
  #stepAt = 0;
  #stepsEnd = 0;

  override open(record: Uint8Array): void {
    super.open(record);
    this.#record = record;
    this.#listAt = this.#listsEnd = 0;
    this.#stepAt = this.#stepsEnd = 0;
  }

  override close(): void {
    super.close();
    this.#record = this.#steps = this.bytes;
  }

  /** The next name; false at the end. */
  nextList(): boolean {
    this.bytes = this.#record;
    this.at = this.#listAt;
    for (;;) {
      if (this.at === this.#listsEnd && !this.#nextLists()) return false;
      const end = this.#listsEnd;
      this.entryStart = this.at;
      this.nameStart = this.nameEnd = this.at;
      this.body = this.bytes;
      const tag = this.tag(end);
      if (tag !== FIELD_1) {
        this.skip(tag, end);
        continue;
      }
      const entryEnd = this.fieldEnd(end);
      this.#steps = this.oddEntry(entryEnd);
      const isRecord = this.#steps === this.bytes;
      this.#stepAt = isRecord ? this.start : 0;
      this.#stepsEnd = isRecord ? this.end : this.#steps.length;
      this.#listAt = entryEnd;
      return true;
    }
  }

  #nextLists(): boolean {
    const end = this.#record.length;
    while (this.at < end) {
      this.entryStart = this.at;
      const tag = this.tag(end);
      if (tag !== FIELD_2) {
        this.skip(tag, end);
        continue;
      }
      this.#listsEnd = this.fieldEnd(end);
      if (this.at < this.#listsEnd) return true;
    }
    this.#listAt = this.#listsEnd = end;
    return false;
  }

  /** The next feature of the list, as `next()` gives it; false at the end. */
  nextStep(): boolean {
    const end = this.#stepsEnd;
    this.bytes = this.#steps;
    this.at = this.#stepAt;
    this.body = this.#steps;
    while (this.at < end) {
      const tag = this.tag(end);
      if (tag !== FIELD_1) {
        this.skip(tag, end);
        continue;
      }
      const featureEnd = this.fieldEnd(end);
      this.feature(this.#steps, this.at, featureEnd);
      this.#stepAt = featureEnd;
      this.bytes = this.#record;
      return true;
    }
    this.#stepAt = end;
    this.bytes = this.#record;
    return false;
  }
}

/** What is wanted of one feature list: with `fixedLenSequence` as many values in each step as its shape says, with the others any number. */
export type FeatureListSpec = FixedLenSequenceSpec | VarLenSpec | RaggedSpec;

/** What is wanted of feature lists, by name. */
export type FeatureListSpecs = { readonly [name: string]: FeatureListSpec };

/** A SequenceExample as a plan gives it: in the columns of feature lists, steps stand where records do in those of a batch. */
export interface ParsedSequence<C extends FeatureSpecs, L extends FeatureListSpecs, M extends PlanInt64> {
  readonly context: ParsedExample<C, M>;
  readonly featureLists: { -readonly [Name in keyof L]: ParsedColumn<L[Name], M> };
}

/** A compiled plan. Its method needs no `this`. */
export interface SequenceFeaturePlan<
  C extends FeatureSpecs,
  L extends FeatureListSpecs,
  M extends PlanInt64 = 'bigint',
> {
  /**
   * The wanted features of one record. `place` says in errors where it is from.
   *
   * @throws RecordpipeError `malformed-example`, `schema-mismatch`
   */
  readonly parse: (record: Uint8Array, place?: ErrorPlace) => ParsedSequence<C, L, M>;
}

/**
 * Compiles which features of the context and which feature lists of SequenceExamples are wanted into a plan, as TensorFlow's `parse_single_sequence_example`
 * has it. The context is read as {@link compileFeatures} reads an Example. Of a feature list, `fixedLenSequence(shape, kind)` gives
 * values in `[steps, …shape]`, `varLen` a sparse column and `ragged` a ragged one, step by step. A record without the list has no steps of it; other than in
 * TensorFlow this needs no `allow_missing`.
 *
 * Arrays are new memory and belong to the caller (but for `reuse`, which concerns the context only); bytes are views of the record.
 *
 * @throws UsageError for specs that are none, and for `sparse` and `fixedLen` where a feature list is meant
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
  if (names.includes('__proto__')) throw new UsageError('specs: expected other names than __proto__');
  const keys = names.map((name) => keyOf(name, listSpecs[name] as FeatureListSpec));
  const slots = [...new Set(keys)];
  const finder = new SlotFinder(slots);
  const lists = slots.map((name) => new FoundFeatures([name], strict));
  const columns = names.map((name) =>
    columnOf(name, ofEachStep(listSpecs[name] as FeatureListSpec), int64, () => 0),
  );
  const walk = new FeatureListWalk();
  walk.tf = strict === 'tf';

  const findLists = (record: Uint8Array, place: ErrorPlace): void => {
    for (const list of lists) list.begin(0, () => place);
    finder.begin();
    walk.open(record);
    try {
      while (walk.nextList()) {
        const slot = finder.find(record, walk.nameStart, walk.nameEnd);
        if (slot < 0) continue;
        // Of two lists of one name the last counts.
        const list = lists[slot];
        list.begin(0, () => place);
        while (walk.nextStep()) list.addFeature(record, walk);
      }
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      throw new RecordpipeError('malformed-example', `example: feature lists: ${error.message}`, place);
    }
  };

  const parse = (record: Uint8Array, place: ErrorPlace = {}): unknown => {
    const parsed: Record<string, unknown> = {};
    const parsedContext = context.parse(record, place);
    try {
      findLists(record, place);
      for (const [i, name] of names.entries()) parsed[name] = columns[i].batch(lists[slots.indexOf(keys[i])]);
    } finally {
      walk.close();
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

/** What is wanted of a step. */
function ofEachStep(spec: FeatureListSpec): Parameters<typeof columnOf>[1] {
  return spec.type === 'fixedLenSequence' ? fixedLen(spec.shape, spec.kind) : spec;
}
