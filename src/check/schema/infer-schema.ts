import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { IMAGE_KINDS } from '../../messages/image-header.ts';
import type { BytesStats } from '../stats/bytes-stats.ts';
import type { DatasetStats } from '../stats/dataset-stats.ts';
import {
  type FeatureStats,
  type NamedFeature,
  type RecordPlace,
  typesOf,
  type ValueKind,
} from '../stats/feature-stats.ts';
import { mergeSpreads, type Spread } from '../stats/log2.ts';
import {
  type FeatureListSchema,
  type FeatureSchema,
  type RecordSchema,
  SCHEMA_ID,
  type SchemaMessage,
} from './schema.ts';

/** Maximum number of distinct strings in a domain. */
const MAX_DOMAIN = 100;
/**
 * Minimum mean count of the strings in a domain. It excludes ids and captions, which are not
 * domains.
 */
const MIN_OCCURRENCES = 2;

/**
 * A feature whose lists have different types. The conformance rules of example.proto do not allow
 * such features.
 */
export interface TypeConflict {
  /** Name of the feature or feature list. */
  readonly feature: string;
  /** Whether `feature` is the name of a feature list. */
  readonly isList: boolean;
  /** Types of the lists, in descending order of frequency. The schema contains the first type. */
  readonly types: readonly {
    /** Type of the list. */
    readonly type: ValueKind;
    /** Number of occurrences. */
    readonly count: number;
    /** First occurrence. */
    readonly first: RecordPlace;
  }[];
}

/** Options of {@link schemaOf}. */
export interface SchemaOptions {
  /**
   * Whether to write only rules about types, presence, fixed lengths and image kinds, so that
   * similar data also conforms. Default false.
   */
  readonly loose: boolean;
}

/**
 * Returns the strictest schema to which all records of a data set conform, and the features that
 * have several types. No schema can describe such a feature; its rule has the most frequent type. A
 * feature whose lists are all empty gets no type, because its type is unknown. If the records have
 * several message types, the schema describes the most frequent one.
 *
 * @throws UsageError if no record has a message type that a schema describes
 * @example
 * ```ts
 * import { NO_STATS, schemaOf } from 'recordpipe/check';
 * const none = { ...NO_STATS, messages: { example: 1, sequenceExample: 0, other: 0 } };
 * console.log(schemaOf(none).schema.message); // Example
 * ```
 */
export function schemaOf(
  stats: DatasetStats,
  options: Partial<SchemaOptions> = {},
): { schema: RecordSchema; conflicts: TypeConflict[] } {
  checkOptionNames('schemaOf', options, { loose: 0 });
  const { loose = false } = options;
  const { message, records } = schemaMessage(stats);
  const isSequence = message === 'SequenceExample' || message === 'ExampleListWithContext';
  const lists = stats.featureLists.map((one) => [one.name, listSchema(one, records, loose)] as const);
  const features = stats.features.map((one) => [one.name, featureSchema(one, records, loose)] as const);
  return {
    schema: {
      $schema: SCHEMA_ID,
      recordpipeSchema: 1,
      message,
      features: Object.fromEntries(features),
      ...(isSequence && { featureLists: Object.fromEntries(lists) }),
      unknownFeatures: stats.truncated ? 'allow' : 'error',
    },
    conflicts: [
      ...stats.features.flatMap((one) => conflictOf(one, false)),
      ...stats.featureLists.flatMap((one) => conflictOf(one, true)),
    ],
  };
}

/**
 * Returns the most frequent message type that a schema can describe, and the number of records of
 * that type.
 *
 * @throws UsageError if no record has such a type
 * @example
 * ```ts
 * import { NO_STATS, schemaMessage } from 'recordpipe/check';
 * const messages = { example: 2, sequenceExample: 0, other: 1 };
 * console.log(schemaMessage({ ...NO_STATS, records: 3, messages })); // { message: 'Example', records: 2 }
 * ```
 */
export function schemaMessage({ messages, records }: DatasetStats): {
  message: SchemaMessage;
  records: number;
} {
  const { example, sequenceExample, exampleListWithContext = 0, record = 0, irHeader = 0 } = messages;
  const found: { message: SchemaMessage; records: number }[] = [
    {
      // A SequenceExample without feature lists is an Example.
      message: sequenceExample > 0 ? 'SequenceExample' : 'Example',
      records: example + sequenceExample,
    },
    { message: 'ExampleListWithContext', records: exampleListWithContext },
    { message: 'Record', records: record },
    { message: 'IRHeader', records: irHeader },
  ];
  const most = found.reduce((best, one) => (one.records > best.records ? one : best));
  if (most.records > 0) return most;
  const what = messages.event === undefined ? messages.firstOther?.why : 'Events (stats shows their fields)';
  const got = records === 0 ? 'no records' : `${records} of a different kind: ${what}`;
  throw new UsageError(`expected records with named features, such as Examples, got ${got}`);
}

function conflictOf(feature: NamedFeature, isList: boolean): TypeConflict[] {
  const types = typesOf(feature);
  return types.length > 1 ? [{ feature: feature.name, isList, types }] : [];
}

function featureSchema(stats: NamedFeature, records: number, loose: boolean): FeatureSchema {
  const [most] = typesOf(stats);
  // Writers choose any type for an empty list, so only values determine the type of a feature.
  if (most === undefined || !hasValues(stats)) return {};
  const { type } = most;
  const required = most.count === records;
  const mixed = typesOf(stats).length > 1;
  return {
    type,
    ...(required && { required }),
    // The lengths of mixed types are counted together, so they yield no rule for one type.
    ...(!mixed && lengthRules(stats.length, loose)),
    ...valueRules(stats, type, loose),
  };
}

function hasValues({ int64, float, bytes }: FeatureStats): boolean {
  return int64 !== undefined || float !== undefined || bytes !== undefined;
}

function listSchema(stats: NamedFeature, records: number, loose: boolean): FeatureListSchema {
  const { type, ...rules } = featureSchema(stats, Number.POSITIVE_INFINITY, loose);
  return {
    ...(type && { type }),
    ...(stats.records === records && { required: true }),
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
  if (type === 'int64' || type === 'int32')
    return loose || int64 === undefined ? {} : { range: { min: int64.min, max: int64.max } };
  if (type === 'float' || type === 'float64') {
    if (loose || float === undefined) return {};
    const { min, max, nan, positiveInfinity, negativeInfinity } = float;
    return {
      ...(min !== null && max !== null && { range: { min, max } }),
      ...(nan === 0 && { nan: false }),
      ...(positiveInfinity + negativeInfinity === 0 && { infinity: false }),
    };
  }
  if (bytes === undefined) return {};
  const kinds = IMAGE_KINDS.filter((kind) => bytes.images[kind] !== undefined);
  const images = kinds.reduce((sum, kind) => sum + bytes.images[kind]!.values, 0);
  const allImages = images === bytes.values;
  if (loose) return allImages ? { images: kinds } : {};
  const sized = allImages && kinds.every((kind) => isSized(bytes.images[kind]!));
  const values = domainOf(bytes);
  return {
    bytes: bounds(bytes.length),
    ...(bytes.text === bytes.values && { utf8: true }),
    ...(values && { values }),
    ...(allImages && { images: kinds }),
    ...(sized && {
      width: bounds(kinds.map((kind) => bytes.images[kind]!.width).reduce(mergeSpreads)!),
      height: bounds(kinds.map((kind) => bytes.images[kind]!.height).reduce(mergeSpreads)!),
    }),
  };
}

/**
 * Returns the distinct strings of a feature, sorted, if there are only a few and they occur several
 * times.
 */
function domainOf({ distinct, values, text }: BytesStats): string[] | undefined {
  if (distinct === null || text < values) return undefined;
  if (distinct.length > MAX_DOMAIN || values < MIN_OCCURRENCES * distinct.length) return undefined;
  return distinct.map(({ value }) => String(value)).sort();
}

/** Reports whether the header of every image has a size. */
function isSized({ values, width }: { values: number; width?: Spread }): boolean {
  return width !== undefined && width.log2.reduce((sum, count) => sum + count, 0) === values;
}

function bounds({ min, max }: Spread): { min: number; max: number } {
  return { min, max };
}
