import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { checkAborted, onAbort } from '../bytes/abortable.ts';
import { checkOptionNames, type OptionNames, typeName } from '../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import { QueryDatabase, quotedName } from './query-database.ts';
import { queryError } from './query-errors.ts';
import { type StatementUses, statementUses } from './query-statement.ts';
import {
  createTable,
  inferTable,
  loadTable,
  namesRecords,
  type RecordTable,
  usedColumns,
} from './query-tables.ts';
import type { QueryValue, TableReading } from './query-types.ts';
import { jsonText, plainText, queryValue, type TypeIds, type ValueText } from './query-values.ts';

/** Options of {@link openQuery}. Every field has a default. */
export interface QueryOptions extends TableReading {
  /**
   * Memory limit of DuckDB in bytes; at least 32 MiB. Tables that exceed it are moved to temporary
   * files; a statement that cannot run within it, such as a sort of large images, is an `io-failure`
   * error. Default 1 GiB. The limit excludes the memory of reading, about 150 MiB.
   */
  readonly memoryBytes: number;
  /** Folder for temporary files. Default: that of the system. */
  readonly tempDir: string | undefined;
}

const NAMES: OptionNames<QueryOptions> = {
  memoryBytes: true,
  tempDir: true,
  format: true,
  compression: true,
  maxRecordBytes: true,
  onTruncated: true,
  trailing: true,
  multipart: true,
  payloadCrc: true,
  objects: true,
  include: true,
  exclude: true,
  strictShards: true,
  onNotice: true,
  jobs: true,
  signal: true,
};

const DEFAULT_MEMORY_BYTES = 1024 * 1024 * 1024;
const MIN_MEMORY_BYTES = 32 * 1024 * 1024;

/** A column of a query's result. */
export interface QueryColumn {
  /** Name of the column. */
  readonly name: string;
  /** DuckDB's name of its type, such as `BIGINT` or `FLOAT[]`. */
  readonly type: string;
}

/**
 * Runs one SELECT statement of DuckDB's SQL over record files. A table is the name of record files
 * in quotes: a path, a pattern, a directory with a trailing slash, an `@list` or an `s3://` address.
 * Its columns are those that `inferColumns` returns, one row per record. DuckDB itself reads local
 * Parquet, CSV and JSON files.
 *
 * Record files are read twice: once to infer their columns, and once to load those columns that the
 * statement uses. A statement that only lists columns up to a LIMIT reads no further than that. Only
 * SELECT statements run, and extensions of DuckDB are not loaded, so a statement neither writes files
 * nor accesses the network.
 *
 * @throws UsageError for an invalid statement, an unknown table or column, or an invalid option
 * @throws RecordpipeError `missing-package` if `@duckdb/node-api` is not installed; the same errors as
 *   `inferColumns` and `readTableBatches`; `schema-mismatch` for a feature of several kinds that the
 *   statement uses; `unrepresentable`, `malformed-table`, `unsupported-source`, `io-failure`
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { openQuery } from 'recordpipe/columns';
 * import { encodeExample } from 'recordpipe/messages';
 * import { writeFileSync } from 'node:fs';
 * const labels = [7, 8, 7].map((id) => encodeTFRecord(encodeExample({ label: { kind: 'int64', value: [id] } })));
 * writeFileSync('labels.tfrecord', Buffer.concat(labels));
 * const query = await openQuery("select label, count(*) from 'labels.tfrecord' group by label order by label");
 * const counts = new Map();
 * for await (const [label, count] of query) counts.set(label, count);
 * query.close();
 * console.log(counts.get(7n), counts.get(8n)); // 2n 1n
 * ```
 */
export async function openQuery(statement: string, options: Partial<QueryOptions> = {}): Promise<Query> {
  checkOptionNames('openQuery', options, NAMES);
  const given: unknown = statement;
  if (typeof given !== 'string') throw new UsageError(`statement: expected text, got ${typeName(given)}`);
  const { memoryBytes = DEFAULT_MEMORY_BYTES, tempDir, ...reading } = options;
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes < MIN_MEMORY_BYTES)
    throw new UsageError(`memoryBytes: expected an integer >= ${MIN_MEMORY_BYTES}, got ${memoryBytes}`);
  const { signal } = reading;
  checkAborted(signal);
  const database = await QueryDatabase.open({ memoryBytes, tempDir });
  const interrupt = (): void => database.connection.interrupt();
  onAbort(signal, interrupt);
  const close = (): void => {
    signal?.removeEventListener('abort', interrupt);
    database.close();
  };
  try {
    const uses = statementUses(await syntaxTree(database, statement));
    await loadTables(database, statement, uses, reading);
    await database.rows('SET lock_configuration = true');
    return new Query(database, statement, await columnsOf(database, statement), { signal, close });
  } catch (error) {
    close();
    checkAborted(signal);
    throw queryError(error);
  }
}

/** Matches the name of a file or folder without quotes. */
const BARE_PATH = /\b(?:from|join)\s+[\w.*@:-]*[/*@.][^\s'"()]*/i;
const QUOTE_PATH = "; write file names in single quotes, such as 'data/*.tfrecord'";

/** Returns the syntax tree of a statement. @throws UsageError unless it is one SELECT statement */
async function syntaxTree(database: QueryDatabase, statement: string): Promise<unknown> {
  const sql =
    'SELECT json_serialize_sql($1::VARCHAR, skip_default := true, skip_empty := true, skip_null := true)';
  const [[json]] = await database.rows(sql, [statement]);
  const { error, error_message: message, error_type: type, statements = [] } = JSON.parse(String(json));
  if (error && type === 'not implemented')
    throw new UsageError(
      'query: expected a SELECT statement, which may begin with WITH, FROM, DESCRIBE or SUMMARIZE; other statements could write files and are rejected (PIVOT needs its values: FROM t PIVOT (… FOR x IN (…)))',
    );
  if (error) throw new UsageError(`query: ${message}${BARE_PATH.test(statement) ? QUOTE_PATH : ''}`);
  if (statements.length !== 1)
    throw new UsageError(`query: expected one SELECT statement, got ${statements.length}`);
  return statements[0];
}

/** Loads the record files that the statement uses. */
async function loadTables(
  database: QueryDatabase,
  statement: string,
  { tables, words }: StatementUses,
  reading: TableReading,
): Promise<void> {
  const names = new Map<string, string>();
  const loaded: RecordTable[] = [];
  for (const reference of tables) {
    const { name } = reference;
    if (!namesRecords(name)) continue;
    const other = names.get(name.toLowerCase());
    if (other !== undefined)
      throw new UsageError(
        `query: SQL table names are not case-sensitive, got ${JSON.stringify(other)} and ${JSON.stringify(name)}; write one of them as ${JSON.stringify(`./${name}`)}`,
      );
    names.set(name.toLowerCase(), name);
    loaded.push(await inferTable(reference, reading));
  }
  // Without rows first: mistakes in the statement are found before all records are read again.
  for (const { reference, schema } of loaded) await createTable(database, reference, schema);
  const expected = await columnsOf(database, statement);
  const used = new Map<RecordTable, ColumnSchema>();
  for (const table of loaded) used.set(table, usedColumns(table, words));
  for (const [{ reference }, schema] of used) await createTable(database, reference, schema);
  // The result has the same columns unless the statement uses a column in a way that we do not know.
  const isComplete = await hasColumns(database, statement, expected);
  for (const [table, some] of used) {
    const schema = isComplete ? some : table.schema;
    if (!isComplete) await createTable(database, table.reference, schema);
    await loadTable(database, table, schema, reading);
  }
}

/** Returns the columns of the result, without running the statement. */
async function columnsOf(database: QueryDatabase, statement: string): Promise<QueryColumn[]> {
  try {
    const prepared = await database.connection.prepare(statement);
    const columns = Array.from({ length: prepared.columnCount }, (_, i) => ({
      name: prepared.columnName(i),
      type: String(prepared.columnType(i)),
    }));
    prepared.destroySync();
    return columns;
  } catch (error) {
    throw queryError(error);
  }
}

async function hasColumns(
  database: QueryDatabase,
  statement: string,
  expected: readonly QueryColumn[],
): Promise<boolean> {
  try {
    const columns = await columnsOf(database, statement);
    return JSON.stringify(columns) === JSON.stringify(expected);
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

/** Formats of results as text. */
export type QueryTextFormat = 'csv' | 'json' | 'jsonl';

/** Number of characters of a piece of text. */
const PIECE_CHARACTERS = 256 * 1024;

/** A statement whose tables are loaded. Returned by {@link openQuery}; close it to free its memory. */
export class Query implements AsyncDisposable, AsyncIterable<readonly QueryValue[]> {
  /** Columns of the result. */
  readonly columns: readonly QueryColumn[];
  readonly #database: QueryDatabase;
  readonly #statement: string;
  readonly #signal: AbortSignal | undefined;
  readonly #close: () => void;
  #isClosed = false;

  /** @hideconstructor */
  constructor(
    database: unknown,
    statement: string,
    columns: readonly QueryColumn[],
    { signal, close }: { readonly signal: AbortSignal | undefined; readonly close: () => void },
  ) {
    this.#database = database as QueryDatabase;
    this.#statement = statement;
    this.columns = columns;
    this.#signal = signal;
    this.#close = close;
  }

  /**
   * Runs the statement and yields its rows, with one value per column.
   *
   * @throws RecordpipeError `unrepresentable`, `malformed-table`, `io-failure`, `aborted`
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly QueryValue[], void, undefined> {
    for await (const row of this.#rows(await this.#run())) yield row.map(queryValue);
  }

  /**
   * Runs the statement and yields its rows with each value as text, or null. Texts are unchanged;
   * all other values are written as in JSON, without quotes.
   *
   * @throws the same errors as the iterator
   */
  async *cells(): AsyncGenerator<readonly (string | null)[], void, undefined> {
    const result = await this.#run();
    const texts = plainTexts(result, this.#database);
    for await (const row of this.#rows(result))
      yield row.map((value, i) => (value === null ? null : texts[i](value)));
  }

  /**
   * Runs the statement and yields its rows as text: CSV with a row of column names, where a null is
   * an empty cell and lists are JSON; a JSON array of objects; or JSON Lines. Integers have all
   * digits, and bytes are base64.
   *
   * @throws the same errors as the iterator
   */
  async *text(format: QueryTextFormat): AsyncGenerator<string, void, undefined> {
    const result = await this.#run();
    const write = rowWriter(result, format, this.#database);
    let text =
      format === 'csv' ? `${result.columnNames().map(csvCell).join()}\n` : format === 'json' ? '[' : '';
    let separator = format === 'json' ? '\n' : '';
    for await (const row of this.#rows(result)) {
      text += separator + write(row);
      if (format === 'json') separator = ',\n';
      if (text.length < PIECE_CHARACTERS) continue;
      yield text;
      text = '';
    }
    yield format === 'json' ? `${text}\n]\n` : text;
  }

  /**
   * Runs the statement and returns the path of its result as a temporary Parquet file, which `close`
   * removes.
   *
   * @throws the same errors as the iterator
   */
  async parquet(): Promise<string> {
    const { folder } = this.#database;
    const path = join(folder, 'result.parquet');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A view accepts a statement that ends with a semicolon or a comment.
    await this.#database.rows(`CREATE OR REPLACE TEMP VIEW "result of the query" AS ${this.#statement}`);
    const columns = await columnsOf(this.#database, 'FROM "result of the query"');
    const target = `'${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 0)`;
    try {
      await this.#database.rows(
        `COPY (SELECT ${columns.map(parquetColumn).join()} FROM "result of the query") TO ${target}`,
      );
    } catch (error) {
      const [, number] = /Type U?INT128 with value (-?\d+)/.exec((error as Error).message) ?? [];
      if (number === undefined) throw error;
      const text = `the integer ${number} exceeds 64 bits, the most that Parquet can store; cast the column to VARCHAR or DOUBLE`;
      throw new RecordpipeError('unrepresentable', text, {}, error);
    }
    return path;
  }

  /** Stops the statement, and removes its tables and temporary files. */
  close(): void {
    if (!this.#isClosed) this.#close();
    this.#isClosed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #run(): Promise<DuckDBResult> {
    try {
      return await this.#database.connection.stream(this.#statement);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Yields the rows one by one, so that only one row of large values is in memory. */
  async *#rows(result: DuckDBResult): AsyncGenerator<readonly DuckDBValue[], void, undefined> {
    for (;;) {
      let chunk: Awaited<ReturnType<DuckDBResult['fetchChunk']>>;
      try {
        chunk = await result.fetchChunk();
      } catch (error) {
        throw this.#failure(error);
      }
      if (chunk === null || chunk.rowCount === 0) return;
      const { rowCount } = chunk;
      for (let i = 0; i < rowCount; i++) yield chunk.getRowValues(i);
    }
  }

  #failure(error: unknown): unknown {
    checkAborted(this.#signal);
    return queryError(error);
  }
}

/**
 * Returns the expression for a column of a Parquet file. DuckDB would write integers of 128 bits,
 * such as those of sum(), as rounded floats. One that exceeds 64 bits is an error.
 */
function parquetColumn({ name, type }: QueryColumn): string {
  const column = quotedName(name);
  const isHuge = /^U?HUGEINT(?:\[\d*\])*$/.test(type);
  return isHuge ? `${column}::${type.replace('HUGEINT', 'BIGINT')} AS ${column}` : column;
}

function idsOf({ api }: QueryDatabase): TypeIds {
  return api.DuckDBTypeId as unknown as TypeIds;
}

function plainTexts(result: DuckDBResult, database: QueryDatabase): ValueText[] {
  return result.columnTypes().map((type) => plainText(type, idsOf(database)));
}

type RowText = (row: readonly DuckDBValue[]) => string;

function rowWriter(result: DuckDBResult, format: QueryTextFormat, database: QueryDatabase): RowText {
  if (format === 'csv') {
    const texts = plainTexts(result, database);
    return (row) => `${row.map((value, i) => (value === null ? '' : csvCell(texts[i](value)))).join()}\n`;
  }
  const values = result.columnTypes().map((type) => jsonText(type, idsOf(database)));
  const keys = result.deduplicatedColumnNames().map((name) => `${JSON.stringify(name)}:`);
  const object: RowText = (row) => `{${row.map((value, i) => keys[i] + values[i](value)).join()}}`;
  return format === 'json' ? object : (row) => `${object(row)}\n`;
}

/** Returns a cell, in quotes if it is empty or contains a character with a meaning. */
function csvCell(text: string): string {
  return text === '' || /[",\r\n]|^[ \t]|[ \t]$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
