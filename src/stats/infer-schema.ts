import { UsageError } from '../errors.ts';
import type { DatasetStats, NamedFeature } from './dataset-stats.ts';
import type { FeatureKind, FeatureStats, RecordPlace } from './feature-stats.ts';
import { IMAGE_KINDS } from './image-header.ts';
import { mergeSpreads, type Spread } from './log2.ts';
import { type FeatureListSchema, type FeatureSchema, type RecordSchema, SCHEMA_ID } from './schema.ts';

/** A kind of values that a feature can have. */
export type ValueKind = Exclude<FeatureKind, 'none'>;

/** A feature that holds lists of several types, against the conformance rules of example.proto. */
export interface TypeConflict {
  readonly feature: string;
  readonly isList: boolean;
  /** Types by frequency: the schema has the first. */
  readonly types: readonly {
    readonly type: ValueKind;
    readonly count: number;
    readonly first: RecordPlace;
  }[];
}

/** Options of {@link schemaOf}. */
export interface SchemaOptions {
  /** Whether only types, presence, fixed lengths and kinds of images become rules, so that other data of the same kind fits as well. Default false. */
  readonly loose: boolean;
}

/**
 * The schema that the records of a data set keep, as tight as they do; and the features that no schema can describe, because they are of several types: the most
 * frequent one is taken. With `loose`, values and sizes that other data may well have are left out.
 *
 * @throws UsageError where no record is an Example
 * @example
 * ```ts
 * import { NO_STATS, schemaOf } from 'recordpipe/stats';
 * const none = { ...NO_STATS, messages: { example: 1, sequenceExample: 0, other: 0 } };
 * console.log(schemaOf(none).schema.message); // Example
 * ```
 */
export function schemaOf(
  stats: DatasetStats,
  { loose = false }: Partial<SchemaOptions> = {},
): { schema: RecordSchema; conflicts: TypeConflict[] } {
  const { example, sequenceExample } = stats.messages;
  const records = example + sequenceExample;
  if (records === 0)
    throw new UsageError(`schema: expected records that are Examples, got ${stats.records} others`);
  const isSequence = sequenceExample > 0;
  const lists = stats.featureLists.map((one) => [one.name, listSchema(one, records, loose)] as const);
  const features = stats.features.map((one) => [one.name, featureSchema(one, records, loose)] as const);
  return {
    schema: {
      $schema: SCHEMA_ID,
      recordpipeSchema: 1,
      message: isSequence ? 'SequenceExample' : 'Example',
      features: Object.fromEntries(
        features.filter(([, one]) => one !== undefined),
      ) as RecordSchema['features'],
      ...(isSequence && {
        featureLists: Object.fromEntries(lists.filter(([, one]) => one !== undefined)) as {
          [name: string]: FeatureListSchema;
        },
      }),
      unknownFeatures: stats.truncated ? 'allow' : 'error',
    },
    conflicts: [
      ...stats.features.flatMap((one) => conflictOf(one, false)),
      ...stats.featureLists.flatMap((one) => conflictOf(one, true)),
    ],
  };
}

/** The types of a feature, the most frequent first. */
export function typesOf({ kinds }: FeatureStats): { type: ValueKind; count: number; first: RecordPlace }[] {
  return (['int64', 'float', 'bytes'] as const)
    .flatMap((type) => (kinds[type] === undefined ? [] : [{ type, ...kinds[type] }]))
    .sort((a, b) => b.count - a.count);
}

function conflictOf(feature: NamedFeature, isList: boolean): TypeConflict[] {
  const types = typesOf(feature);
  return types.length > 1 ? [{ feature: feature.name, isList, types }] : [];
}

function featureSchema(stats: NamedFeature, records: number, loose: boolean): FeatureSchema | undefined {
  const [most] = typesOf(stats);
  // A feature that never has a list is of every type.
  if (most === undefined) return { type: 'bytes' };
  const { type } = most;
  const required = most.count === records;
  const mixed = typesOf(stats).length > 1;
  return {
    type,
    ...(required && { required }),
    // Lengths are counted over all types.
    ...(!mixed && lengthRules(stats.length, loose)),
    ...valueRules(stats, type, loose),
  };
}

function listSchema(stats: NamedFeature, records: number, loose: boolean): FeatureListSchema | undefined {
  const step = featureSchema(stats, Number.POSITIVE_INFINITY, loose);
  if (step === undefined) return undefined;
  const required = stats.records === records;
  const { type, ...rules } = step;
  return {
    type,
    ...(required && { required }),
    ...(!loose && stats.steps && { steps: bounds(stats.steps) }),
    ...rules,
  };
}

function lengthRules(length: Spread | undefined, loose: boolean): Pick<FeatureSchema, 'length' | 'shape'> {
  if (length === undefined) return {};
  const { min, max } = length;
  if (min === max) return { length: { min, max }, shape: min === 1 ? [] : [min] };
  return loose ? {} : { length: { min, max } };
}

function valueRules(
  { int64, float, bytes }: FeatureStats,
  type: ValueKind,
  loose: boolean,
): Partial<FeatureSchema> {
  if (type === 'int64')
    return loose || int64 === undefined ? {} : { range: { min: int64.min, max: int64.max } };
  if (type === 'float') {
    if (float === undefined) return {};
    const { min, max, nan, positiveInfinity, negativeInfinity } = float;
    return {
      ...(!loose && min !== null && max !== null && { range: { min, max } }),
      ...(nan === 0 && { nan: false }),
      ...(positiveInfinity + negativeInfinity === 0 && { infinity: false }),
    };
  }
  if (bytes === undefined) return {};
  const kinds = IMAGE_KINDS.filter((kind) => bytes.images[kind] !== undefined);
  const images = kinds.reduce((sum, kind) => sum + bytes.images[kind]!.values, 0);
  const allImages = images === bytes.values;
  const sized = allImages && !loose && kinds.every((kind) => isSized(bytes.images[kind]!));
  return {
    ...(!loose && { bytes: bounds(bytes.length) }),
    ...(bytes.utf8 === bytes.values && { utf8: true }),
    ...(allImages && { images: kinds }),
    ...(sized && {
      width: bounds(kinds.map((kind) => bytes.images[kind]!.width).reduce(mergeSpreads)!),
      height: bounds(kinds.map((kind) => bytes.images[kind]!.height).reduce(mergeSpreads)!),
    }),
  };
}

/** Whether the header of every image said its size. */
function isSized({ values, width }: { values: number; width?: Spread }): boolean {
  return width !== undefined && width.log2.reduce((sum, count) => sum + count, 0) === values;
}

function bounds({ min, max }: Spread): { min: number; max: number } {
  return { min, max };
}
