import { RecordpipeError, UsageError } from '../../errors.ts';
import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import {
  COLUMN_SCHEMA_KEY,
  type ColumnField,
  type ColumnSchema,
  type ColumnType,
} from '../../messages/columns/column-schema.ts';
import { ARROW_TYPE, type ArrowField, type ArrowRecordBatch, type ArrowSchema } from './arrow-data.ts';
import { damaged, placeOfRows } from './arrow-elements.ts';
import { columnTypeOf, type ReadVector, vectorReader } from './arrow-vectors.ts';
import { columnChoice } from './column-choice.ts';
import { parseColumnSchema } from './stored-schema.ts';

/** Options for reading batches of an Arrow or Parquet table. */
export interface ArrowColumnOptions {
  /** Columns to read. `*` matches any characters. Default: all. */
  readonly columns?: readonly string[] | undefined;
  /** The columns. Default: from the table's metadata, or else derived from its types. */
  readonly schema?: ColumnSchema | undefined;
  /** Whether floats of 64 bits are rounded to 32 bits instead of an error. Default false. */
  readonly lossy?: boolean | undefined;
  /** Name of the table, for messages. */
  readonly uri?: string | undefined;
  /** Number of the first row of the batch. Default 0. */
  readonly firstRow?: number | undefined;
}

/**
 * Returns a RecordBatch of the apache-arrow package as a batch of columns. Copies only what has
 * a different layout: dictionaries, views, other types of numbers, and 64-bit offsets.
 *
 * @throws RecordpipeError `schema-mismatch` if a column has a different type than the schema requires,
 *   `unrepresentable` if records cannot contain a value, `malformed-table` if the batch contradicts
 *   itself
 * @throws UsageError if `columns` names a column that does not exist
 */
export function columnBatchOf(batch: ArrowRecordBatch, options: ArrowColumnOptions = {}): ColumnBatch {
  return new ArrowColumns(batch.schema, options).read(batch, options.firstRow ?? 0);
}

interface ArrowColumn {
  readonly field: ColumnField;
  /** Position among the columns of the table. */
  readonly index: number;
  readonly read: ReadVector;
}

/** Columns of Arrow tables that have one schema. */
export class ArrowColumns {
  readonly schema: ColumnSchema;
  /** Names of the columns whose type in the table is null. */
  readonly untyped: ReadonlySet<string>;
  readonly #columns: readonly ArrowColumn[];
  readonly #uri: string;

  constructor(table: ArrowSchema, options: ArrowColumnOptions) {
    this.#uri = options.uri ?? '(batch)';
    // The apache-arrow package writes no name for an empty name, and returns null for it.
    const named = table.fields.map(({ name, nullable, type }) => ({ name: name ?? '', nullable, type }));
    const isChosen = columnChoice(options.columns);
    const found = fieldsByName(named, isChosen, this.#uri);
    const { message, fields } = columnsOf(named, table.metadata, options, isChosen, this.#uri);
    for (const name of options.columns ?? [])
      if (!fields.some((field) => columnChoice([name])(field.name)))
        throw new UsageError(
          `columns: ${JSON.stringify(name)} is not a column of ${this.#uri}; it has: ${named.map((one) => one.name).join(', ')}`,
        );
    this.#columns = fields
      .filter(({ name }) => isChosen(name))
      .map((field) => this.#column(field, found.get(field.name)!, options.lossy ?? false));
    const nulls = named.filter(({ type }) => type.typeId === ARROW_TYPE.null);
    this.untyped = new Set(nulls.map(({ name }) => name));
    this.schema = { recordpipeColumns: 1, message, fields: this.#columns.map(({ field }) => field) };
  }

  /** Returns the columns of a batch. */
  read(batch: ArrowRecordBatch, firstRow: number): ColumnBatch {
    const { numRows: rows, data } = batch;
    const columns = this.#columns.map(({ field, index, read }) => {
      const place = placeOfRows(field.name, this.#uri, firstRow);
      const child = data.children[index];
      if (child === undefined || child.length !== rows)
        throw damaged(place, `it has ${child?.length ?? 0} values, but the batch has ${rows} rows`);
      return read(child, place);
    });
    return { schema: this.schema, rows, firstRow, columns };
  }

  #column(field: ColumnField, { index, type }: ArrowField & { index: number }, lossy: boolean): ArrowColumn {
    const read = vectorReader(field.type, type, lossy);
    if (read !== undefined) return { field, index, read };
    const actual = columnTypeOf(type);
    throw new RecordpipeError(
      'schema-mismatch',
      `column ${JSON.stringify(field.name)}: the schema requires ${typeName(field.type)}, but the table has ` +
        `${typeof actual === 'string' ? `a different type (${actual})` : typeName(actual)}; ` +
        'cast the column, or pass a schema that matches the table',
      { uri: this.#uri },
    );
  }
}

/** Returns the name of a type of column. */
export function typeName(type: ColumnType): string {
  return type.type === 'list' ? `list of ${typeName(type.items)}` : type.type;
}

function fieldsByName(
  table: readonly ArrowField[],
  isChosen: (name: string) => boolean,
  uri: string,
): Map<string, ArrowField & { index: number }> {
  const found = new Map<string, ArrowField & { index: number }>();
  table.forEach(({ name, nullable, type }, index) => {
    if (found.has(name) && isChosen(name))
      throw new RecordpipeError(
        'unrepresentable',
        `two columns have the name ${JSON.stringify(name)}, but feature names must be unique; rename one of the columns`,
        { uri },
      );
    found.set(name, { name, nullable, type, index });
  });
  return found;
}

/** Returns the given columns, or those in the metadata, or else columns for the types of the table. */
function columnsOf(
  table: readonly ArrowField[],
  metadata: ArrowSchema['metadata'],
  options: ArrowColumnOptions,
  isChosen: (name: string) => boolean,
  uri: string,
): Pick<ColumnSchema, 'message' | 'fields'> {
  const names = new Set(table.map(({ name }) => name));
  if (options.schema !== undefined) {
    const missing = options.schema.fields.find(({ name }) => !names.has(name));
    if (missing === undefined) return options.schema;
    throw new RecordpipeError(
      'schema-mismatch',
      `the schema has the column ${JSON.stringify(missing.name)}, but the table does not; the table has: ` +
        [...names].join(', '),
      { uri },
    );
  }
  const text = metadata.get(COLUMN_SCHEMA_KEY);
  const stored = text === undefined ? undefined : parseColumnSchema(text, uri);
  const derived: ColumnField[] = [];
  for (const field of table) {
    const known = stored?.fields.find(({ name }) => name === field.name);
    if (known !== undefined) derived.push(known);
    // The type of a column that is not read does not matter.
    else if (isChosen(field.name)) derived.push(derivedField(field, uri));
  }
  if (stored !== undefined) return { message: stored.message, fields: derived };
  const isSequence = derived.some(({ part }) => part === 'featureList');
  return { message: isSequence ? 'SequenceExample' : 'Example', fields: derived };
}

/** Returns the column that represents a column of the table exactly. */
function derivedField({ name, nullable, type: arrowType }: ArrowField, uri: string): ColumnField {
  const reject = (what: string): never => {
    throw new RecordpipeError('unrepresentable', `column ${JSON.stringify(name)}: ${what}`, { uri });
  };
  const type = columnTypeOf(arrowType);
  if (typeof type === 'string') return reject(type);
  const depth = depthOf(type);
  if (depth > 2)
    return reject(
      `records can contain lists nested up to two levels deep, but the column has lists nested ${depth} levels deep`,
    );
  return { name, type, nullable, part: depth === 2 ? 'featureList' : 'feature', of: name };
}

function depthOf(type: ColumnType): number {
  return type.type === 'list' ? 1 + depthOf(type.items) : 0;
}
