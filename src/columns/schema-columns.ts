import { readSchema } from '../check/schema/read-schema.ts';
import { type FeatureSchema, fixedLength, type RecordSchema } from '../check/schema/schema.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import { checkColumnSchema } from '../messages/columns/check-column-schema.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../messages/columns/column-schema.ts';

/**
 * Returns the columns of the records that a schema of `recordpipe schema` describes, sorted as in
 * the schema. A required feature is not nullable, a feature of fixed length 1 is one value per row,
 * and bytes are text if the schema requires UTF-8.
 *
 * @throws UsageError for a schema of other records than Examples and SequenceExamples
 * @example
 * ```ts
 * import { columnsOfSchema } from 'recordpipe/columns';
 * const label = { type: 'int64', required: true, shape: [] } as const;
 * const { fields } = columnsOfSchema({ recordpipeSchema: 1, message: 'Example', features: { label } });
 * console.log(fields[0].type, fields[0].nullable); // { type: 'int64' } false
 * ```
 */
export function columnsOfSchema(schema: RecordSchema): ColumnSchema {
  const { message, features, featureLists = {} } = schema;
  if (message !== 'Example' && message !== 'SequenceExample')
    throw new UsageError(
      `schema: expected a schema of Examples or SequenceExamples, got a schema of ${message}; pass the columns that convert --json prints`,
    );
  const fields = Object.entries(features).flatMap(([name, rules]) => fieldOf(name, rules, false));
  const lists = Object.entries(featureLists).flatMap(([name, rules]) => fieldOf(name, rules, true));
  const taken = new Set(fields.map(({ name }) => name));
  const renamed = lists.map((field) =>
    taken.has(field.name) ? { ...field, name: `${field.name} (list)` } : field,
  );
  return { recordpipeColumns: 1, message, fields: [...fields, ...renamed] };
}

/** Returns the column of a feature; none if the schema has seen no value of it. */
function fieldOf(name: string, rules: FeatureSchema, isList: boolean): ColumnField[] {
  const { type, utf8 = false, values, required = false } = rules;
  if (type === undefined) return [];
  const isText = type === 'bytes' && (utf8 || values !== undefined);
  const one = { type: isText ? 'text' : type } as ColumnType;
  const column: ColumnType =
    !isList && fixedLength(rules) === 1
      ? one
      : { type: 'list', items: isList ? { type: 'list', items: one } : one };
  return [{ name, type: column, nullable: !required, part: isList ? 'featureList' : 'feature', of: name }];
}

/**
 * Reads a schema from JSON text: one of `recordpipe schema`, or columns that `convert --json`
 * prints.
 *
 * @throws RecordpipeError `schema-mismatch` for columns that do not describe records
 * @throws UsageError for text that is not a schema
 */
export function readTableSchema(text: string, uri: string): ColumnSchema {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new RecordpipeError('schema-mismatch', `the schema is not JSON: ${(error as Error).message}`, {
      uri,
    });
  }
  const found = (document as { schema?: unknown } | null)?.schema ?? document;
  const isColumns = typeof found === 'object' && found !== null && 'recordpipeColumns' in found;
  return isColumns
    ? checkColumnSchema(found as ColumnSchema, { uri })
    : columnsOfSchema(readSchema(found as object));
}
