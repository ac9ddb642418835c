import { type CollectStatsOptions, collectStats, findingError } from '../check/collect-stats.ts';
import type { FileInputs } from '../check/expand-inputs.ts';
import { type DatasetStats, messageCountTexts } from '../check/stats/dataset-stats.ts';
import {
  comparePlaces,
  type NamedFeature,
  type RecordPlace,
  typesOf,
  type ValueKind,
} from '../check/stats/feature-stats.ts';
import { type ErrorCode, RecordpipeError } from '../errors.ts';
import type {
  ColumnField,
  ColumnMessage,
  ColumnSchema,
  ColumnType,
  NumberType,
} from '../messages/columns/column-schema.ts';

/** Options of {@link columnSchemaOf}. */
export interface ColumnSchemaOptions {
  /**
   * Whether to drop features that have values of several kinds, which columns cannot represent.
   * Default false: such a feature is an error.
   */
  readonly lossy: boolean;
  /** Called for each feature that is dropped, with the reason. */
  readonly onDropped: ((feature: string, why: string) => void) | undefined;
}

/** Options of {@link inferColumns}. Every field has a default. */
export interface InferColumnsOptions extends Omit<CollectStatsOptions, 'samples'>, ColumnSchemaOptions {}

/**
 * Reads every record of many files and returns the columns that represent all of them exactly.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs` of `recordpipe/check`
 * @throws the same errors as `collectStats` and {@link columnSchemaOf}; `no-records` if no record passes
 *   `where`
 */
export async function inferColumns(
  inputs: FileInputs,
  options: Partial<InferColumnsOptions> = {},
): Promise<ColumnSchema> {
  const { lossy = false, onDropped, onNotice, ...collecting } = options;
  const unknown: string[] = [];
  const stats = await collectStats(inputs, {
    ...collecting,
    onNotice(notice) {
      if (notice.code === 'unknown-feature') unknown.push(notice.message);
      onNotice?.(notice);
    },
  });
  const [first] = stats.findings.first;
  if (stats.records === 0 && first !== undefined) throw findingError(first, stats);
  const { where } = stats;
  if (where !== undefined && where.tested > 0 && where.matched === 0) {
    const why = unknown.map((message) => `; ${message.replace('where: ', '')}`).join('');
    const text = `0 of ${where.tested} records pass the filter, so no columns can be inferred${why}`;
    throw new RecordpipeError('no-records', text);
  }
  const isTolerant = options.recover === 'scan';
  return columnSchemaOf(isTolerant ? withoutOthers(stats) : stats, { lossy, onDropped });
}

/** Returns statistics without damaged payloads, which no column can represent. */
function withoutOthers(stats: DatasetStats): DatasetStats {
  const { records, messages } = stats;
  if (messages.other === records) return stats;
  return { ...stats, records: records - messages.other, messages: { ...messages, other: 0 } };
}

/**
 * Returns the columns that represent all records of a data set exactly, sorted by name.
 *
 * - A feature that has exactly one value in every record that has the feature is one value per row.
 *   Any other feature is a list.
 * - A feature that some record lacks is nullable.
 * - Bytes that are text in all records are `text`.
 * - If a record has a feature without a kind, one more column lists the names of these features.
 *
 * @throws RecordpipeError `schema-mismatch` for a feature of several kinds (unless `lossy`), for
 *   records of several types, and for records without features
 * @example
 * ```ts
 * import { NO_STATS } from 'recordpipe/check';
 * import { columnSchemaOf } from 'recordpipe/columns';
 * const messages = { example: 2, sequenceExample: 0, other: 0 };
 * const label = { name: 'label', records: 1, kinds: { int64: { count: 1, first: { uri: 'a', record: 0, offset: 0 } } } };
 * console.log(columnSchemaOf({ ...NO_STATS, records: 2, messages, features: [label] }).fields[0].nullable); // true
 * ```
 */
export function columnSchemaOf(
  stats: DatasetStats,
  options: Partial<ColumnSchemaOptions> = {},
): ColumnSchema {
  const message = messageOf(stats);
  const { records } = stats;
  if (stats.truncated)
    throw new RecordpipeError(
      'unrepresentable',
      'columns: expected at most 4,096 features, got more; select fewer with a schema',
    );
  const fields: ColumnField[] = [];
  let hasUnset = false;
  for (const feature of stats.features) {
    if (feature.kinds.none !== undefined) {
      if (message === 'Record')
        dropOrThrow(feature, 'unrepresentable', UNSET_VALUE, feature.kinds.none.first, options);
      hasUnset ||= message !== 'Record';
    }
    const kind = kindOf(feature, 'feature', options);
    if (kind === undefined) continue;
    // In a Record, only keys and shapes are 64-bit integers, and they have no sign.
    const isPlace = message === 'Record' && kind === 'int64';
    const values = { type: isPlace ? ('uint64' as const) : valueType(feature, kind) };
    const type: ColumnType = isScalar(feature) ? values : { type: 'list', items: values };
    const nullable = feature.kinds[kind]!.count < records;
    if (message === 'Record')
      for (const field of recordFields(feature.name, kind, type, nullable)) fields.push(field);
    else fields.push({ name: feature.name, type, nullable, part: 'feature', of: feature.name });
  }
  for (const list of stats.featureLists) {
    const kind = kindOf(list, 'feature list', options);
    if (kind === undefined && typesOf(list).length > 0) continue;
    // A list whose steps all lack a kind has only nulls, so any type represents it.
    const items = { type: kind === undefined ? ('bytes' as const) : valueType(list, kind) };
    const type: ColumnType = { type: 'list', items: { type: 'list', items } };
    fields.push({
      name: list.name,
      type,
      nullable: list.records < records,
      part: 'featureList',
      of: list.name,
    });
  }
  if (hasUnset) {
    const type: ColumnType = { type: 'list', items: { type: 'text' } };
    fields.push({ name: 'unset features', type, nullable: false, part: 'unsetFeatures' });
  }
  return { recordpipeColumns: 1, message, fields: withUniqueNames(fields) };
}

/**
 * Returns the type of all records.
 *
 * @throws RecordpipeError `schema-mismatch` for records of several types or without features
 */
function messageOf(stats: DatasetStats): ColumnMessage {
  const { messages, records } = stats;
  const { example, sequenceExample, record = 0, firstOther } = messages;
  // A SequenceExample without feature lists is an Example.
  if (records > 0 && example + sequenceExample === records)
    return sequenceExample > 0 ? 'SequenceExample' : 'Example';
  if (records > 0 && record === records) return 'Record';
  const found = messageCountTexts(messages).map(({ count, name }) => `${count} of type ${name}`);
  if (records === 0)
    throw new RecordpipeError(
      'no-records',
      'the columns cannot be inferred, because the inputs have no records',
    );
  const { why, ...place } = firstOther ?? { why: undefined };
  const first = why === undefined ? '' : `; the first of these records is ${why}`;
  throw new RecordpipeError(
    'schema-mismatch',
    `columns: expected only Examples, only SequenceExamples or only Records, got ${found.join(', ')}${first}`,
    place,
  );
}

/**
 * Returns the kind of the lists of a feature; undefined if none has a kind, or if it is dropped.
 *
 * @throws RecordpipeError `schema-mismatch` for several kinds
 */
function kindOf(
  feature: NamedFeature,
  what: string,
  options: Partial<ColumnSchemaOptions>,
): ValueKind | undefined {
  const types = typesOf(feature);
  if (types.length < 2) return types[0]?.type;
  const byPlace = [...types].sort((a, b) => comparePlaces(a.first, b.first));
  const kinds = byPlace.map(
    ({ type, count, first }) => `${type} (${count}, first in record ${first.record} of ${first.uri})`,
  );
  const why = `expected values of one kind, got ${kinds.join(', ')}`;
  dropOrThrow(feature, 'schema-mismatch', why, byPlace[1].first, options, what);
  return undefined;
}

const UNSET_VALUE = 'expected a value with a kind, got a value without a kind';

/** Reports what is dropped, or throws it as an error unless `lossy`. */
function dropOrThrow(
  { name }: NamedFeature,
  code: ErrorCode,
  why: string,
  place: RecordPlace,
  { lossy = false, onDropped }: Partial<ColumnSchemaOptions>,
  what = 'feature',
): void {
  if (!lossy) throw new RecordpipeError(code, `${what} ${JSON.stringify(name)}: ${why}`, place);
  onDropped?.(name, why);
}

function valueType({ bytes }: NamedFeature, kind: ValueKind): NumberType | 'bytes' | 'text' {
  if (kind !== 'bytes') return kind;
  return bytes !== undefined && bytes.text === bytes.values ? 'text' : 'bytes';
}

function isScalar({ length }: NamedFeature): boolean {
  return length?.min === 1 && length.max === 1;
}

/** Returns the columns of a field of a Record, which has a name of `recordContent`. */
function recordFields(name: string, kind: ValueKind, type: ColumnType, nullable: boolean): ColumnField[] {
  if (name === 'uid' || name === 'metadata' || name === 'configuration')
    return [{ name, type: { type: 'text' }, nullable, part: name }];
  const group = name.startsWith('label/') ? 'label' : 'feature';
  const of = name.slice(name.indexOf('/') + 1);
  const values: ColumnField = { name, type, nullable, part: `${group}Values`, of };
  if (kind === 'bytes') {
    const contentType = { name: `${name}/content_type`, type: { type: 'text' }, nullable: true } as const;
    return [values, { ...contentType, part: `${group}ContentType`, of }];
  }
  if (kind !== 'int64') return [values];
  return of.endsWith('/keys')
    ? [{ ...values, part: `${group}Keys`, of: of.slice(0, -'/keys'.length) }]
    : [{ ...values, part: `${group}Shape`, of: of.slice(0, -'/shape'.length) }];
}

/** Appends a suffix to names that several columns have. */
function withUniqueNames(fields: readonly ColumnField[]): ColumnField[] {
  const taken = new Set<string>();
  return fields.map((field) => {
    let { name } = field;
    for (let i = 2; taken.has(name); i++)
      name = `${field.name} (${field.part === 'featureList' ? 'list' : i})`;
    taken.add(name);
    return name === field.name ? field : { ...field, name };
  });
}
