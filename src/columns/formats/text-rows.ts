import { isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../../messages/columns/column-schema.ts';
import { type ColumnBuilder, columnBuilder } from './column-builder.ts';
import { columnChoice } from './column-choice.ts';
import { inferRows } from './infer-rows.ts';
import type { TableReader, TableReadOptions, TableSource } from './table-format.ts';
import type { TextRow, TextRowFormat } from './text-row.ts';

const BATCH_ROWS = 8192;
/** Size of the text of a batch. */
const BATCH_BYTES = 16 * 1024 * 1024;

/**
 * Opens a table of a text format. Without a schema, its columns are inferred from the rows, which
 * are then read again.
 */
export async function openTextReader(
  format: TextRowFormat,
  source: TableSource,
  options: TableReadOptions,
): Promise<TableReader> {
  const { columns, inferRows: limit } = options;
  const isChosen = columnChoice(columns);
  if (options.schema !== undefined)
    return new TextReader(format, source, options.schema, new Set(), isChosen, options, undefined);
  const isPipe = source.byteLength === undefined;
  if (isPipe && limit === undefined)
    throw new UsageError('schema: required for a source that can be read only once, unless inferRows is set');
  const head: string[] = [];
  const onNames = (names: readonly string[]): void => {
    for (const name of names) head.push(name);
  };
  const kept = isPipe ? new KeptRows(rowsOf(format, source, options, onNames)) : undefined;
  // The second pass reports bad rows.
  const quietly = options.onBadRow === undefined ? options : { ...options, onBadRow: () => {} };
  const rows = kept?.first(limit as number) ?? rowsOf(format, source, quietly, onNames);
  const { schema, untyped } = await inferRows(rows, format, isChosen, limit, source.uri, head);
  return new TextReader(format, source, schema, untyped, isChosen, options, kept?.all());
}

/** Damage of a compressed file after which nothing is readable. */
const STREAM_ERRORS = [
  'truncated-compressed-stream',
  'corrupt-compressed-stream',
  'trailing-garbage',
] as const;

/** Yields the rows of a source. Damage after which nothing is readable counts as one bad row. */
async function* rowsOf(
  format: TextRowFormat,
  source: TableSource,
  options: TableReadOptions,
  onNames?: (names: readonly string[]) => void,
): AsyncIterable<readonly TextRow[]> {
  const { onBadRow } = options;
  const bad = onBadRow && ((error: RecordpipeError): void => onBadRow(inSource(error, source)));
  try {
    yield* format.rows(source, bad ? { ...options, onBadRow: bad } : options, onNames);
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    const found = inSource(error, source);
    if (onBadRow === undefined || !isRecordpipeError(found, ...STREAM_ERRORS)) throw found;
    onBadRow(found);
  }
}

/** Returns an error whose offset, if any, is one in the uncompressed bytes. */
function inSource(error: RecordpipeError, { compressed = false }: TableSource): RecordpipeError {
  const { code, uri, record, offset, cause } = error;
  if (!compressed || offset === undefined || error.compressed) return error;
  return new RecordpipeError(code, sentenceOf(error), { uri, record, offset, compressed }, cause);
}

/** Rows of a source that can be read only once. The first ones are used twice. */
class KeptRows {
  readonly #rows: AsyncIterator<readonly TextRow[]>;
  readonly #kept: (readonly TextRow[])[] = [];

  constructor(rows: AsyncIterable<readonly TextRow[]>) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  async *first(limit: number): AsyncIterable<readonly TextRow[]> {
    for (let count = 0; count < limit; ) {
      const { done, value } = await this.#rows.next();
      if (done) return;
      this.#kept.push(value);
      count += value.length;
      yield value;
    }
  }

  async *all(): AsyncIterable<readonly TextRow[]> {
    try {
      for (let next = this.#kept.shift(); next !== undefined; next = this.#kept.shift()) yield next;
      for (let next = await this.#rows.next(); !next.done; next = await this.#rows.next()) yield next.value;
    } finally {
      await this.#rows.return?.();
    }
  }
}

class TextReader implements TableReader {
  readonly schema: ColumnSchema;
  readonly untyped: ReadonlySet<string>;
  readonly #format: TextRowFormat;
  readonly #source: TableSource;
  readonly #options: TableReadOptions;
  readonly #known: ReadonlySet<string>;
  readonly #columns: readonly TextColumn[];
  #rows: AsyncIterator<readonly TextRow[]> | undefined;
  readonly #kept: AsyncIterable<readonly TextRow[]> | undefined;
  #firstRow = 0;
  #count = 0;

  /** @param kept the rows, if the source cannot be read again */
  constructor(
    format: TextRowFormat,
    source: TableSource,
    schema: ColumnSchema,
    untyped: ReadonlySet<string>,
    isChosen: (name: string) => boolean,
    options: TableReadOptions,
    kept: AsyncIterable<readonly TextRow[]> | undefined,
  ) {
    const fields = schema.fields.filter(({ name }) => isChosen(name));
    this.schema = { ...schema, fields };
    this.untyped = untyped;
    this.#format = format;
    this.#source = source;
    this.#options = options;
    this.#kept = kept;
    this.#known = new Set(schema.fields.map(({ name }) => name));
    // Columns that are not chosen are read only if the schema was given, so unknown ones are allowed.
    if (options.schema === undefined && options.columns !== undefined) this.#known = new Set();
    this.#columns = fields.map((field) => ({ field, builder: columnBuilder(field.type, options.lossy) }));
  }

  async *batches(): AsyncIterable<ColumnBatch> {
    const rows = this.#kept ?? rowsOf(this.#format, this.#source, this.#options);
    this.#rows = rows[Symbol.asyncIterator]();
    try {
      let bytes = 0;
      for (let next = await this.#rows.next(); !next.done; next = await this.#rows.next()) {
        for (const row of next.value) {
          this.#add(row);
          bytes += row.bytes;
          if (this.#count < BATCH_ROWS && bytes < BATCH_BYTES) continue;
          if (this.#count > 0) yield this.#finish();
          bytes = 0;
        }
      }
      if (this.#count > 0) yield this.#finish();
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#rows?.return?.();
  }

  #add(row: TextRow): void {
    const problem = this.#problemOf(row);
    if (problem === undefined) {
      this.#count++;
      return;
    }
    for (const { builder } of this.#columns) builder.truncate(this.#count);
    const { row: record, offset } = row;
    const { uri, compressed } = this.#source;
    const error = new RecordpipeError('schema-mismatch', problem, { uri, record, offset, compressed });
    if (this.#options.onBadRow === undefined) throw error;
    this.#options.onBadRow(error);
  }

  /** Adds a row to all columns, or returns why it does not fit. */
  #problemOf({ values }: TextRow): string | undefined {
    for (const { field, builder } of this.#columns) {
      const { name, type, nullable } = field;
      const value = Object.hasOwn(values, name) ? this.#format.valueOf(values[name], type) : null;
      if (value !== null) {
        if (this.untyped.has(name))
          return `feature ${JSON.stringify(name)}: the rows from which the columns are inferred have no value for it; infer the columns from more rows, or pass a schema`;
        const problem = builder.add(shaped(value, type));
        if (problem !== undefined) return `feature ${JSON.stringify(name)}: ${problem}`;
      } else if (nullable) builder.addNull();
      else return `feature ${JSON.stringify(name)}: expected a value, because the schema requires one`;
    }
    if (this.#known.size === 0) return undefined;
    for (const name in values)
      if (!this.#known.has(name) && this.#format.guess(values[name]) !== null)
        return `feature ${JSON.stringify(name)} is not in the schema; to skip the feature, select only the other columns`;
    return undefined;
  }

  #finish(): ColumnBatch {
    const rows = this.#count;
    const firstRow = this.#firstRow;
    this.#count = 0;
    this.#firstRow += rows;
    return {
      schema: this.schema,
      rows,
      firstRow,
      columns: this.#columns.map(({ builder }) => builder.finish()),
    };
  }
}

interface TextColumn {
  readonly field: ColumnField;
  readonly builder: ColumnBuilder;
}

/** Returns a single value as a list, or a list of one value as the value, as the type requires. */
function shaped(value: unknown, type: ColumnType): unknown {
  const isList = Array.isArray(value);
  if (type.type === 'list') return isList || type.items.type === 'list' ? value : [value];
  return isList && value.length === 1 ? value[0] : value;
}
