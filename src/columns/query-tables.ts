import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { DatasetCounter } from '../check/stats/dataset-counter.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import { ColumnDecoder } from '../messages/columns/column-decoder.ts';
import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import { isRecordName } from '../records/inputs/record-names.ts';
import { isRemote } from '../storage/registry.ts';
import { columnBatches, type SourceBatch } from './column-batches.ts';
import { columnSchemaOf, inferColumns } from './infer-columns.ts';
import { type QueryDatabase, quotedName } from './query-database.ts';
import type { TableReference } from './query-statement.ts';
import type { TableReading } from './query-types.ts';
import { appendBatches, sqlType } from './query-vectors.ts';
import { chooseColumns, readTableBatches, sourceBatches } from './read-table-batches.ts';

/** Extensions of files that DuckDB reads itself. */
const DUCKDB_FILES = /\.(?:parquet|csv|tsv|json|jsonl|ndjson)(?:\.gz|\.zst)?$/i;
/** Maximum size of the records at the start of a table that are kept in memory. */
const MAX_HEAD_BYTES = 64 * 1024 * 1024;
const HEAD_BATCH_ROWS = 16_384;

/**
 * Reports whether the name of a table refers to record files: a file with a name of records, a
 * directory, a pattern of such files, an `@list`, or an address of objects.
 */
export function namesRecords(name: string): boolean {
  if (DUCKDB_FILES.test(name)) return false;
  if (isRemote(name) || /^@./.test(name) || name.endsWith('/')) return true;
  if (isRecordName(basename(name))) return true;
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** A table of record files, and the columns that represent its records. */
export interface RecordTable {
  readonly reference: TableReference;
  readonly schema: ColumnSchema;
  /** Features that columns cannot represent, and why. */
  readonly dropped: ReadonlyMap<string, string>;
  /** The first records, if the statement uses no others. */
  readonly head: readonly SourceBatch[] | undefined;
}

/**
 * Infers the columns of a table. Reads all records, or only the first ones if the statement uses no
 * others.
 *
 * @throws RecordpipeError the same errors as `inferColumns`
 */
export async function inferTable(reference: TableReference, reading: TableReading): Promise<RecordTable> {
  const dropped = new Map<string, string>();
  const inferring = {
    lossy: true,
    onDropped: (feature: string, why: string) => void dropped.set(feature, why),
  };
  const { name, rows = 0 } = reference;
  // DESCRIBE uses no rows, but the columns of all.
  const head = rows === 0 ? undefined : await readHead(name, rows, reading);
  if (head !== undefined) {
    const counter = new DatasetCounter({ samples: false });
    for (const { batch, place } of head) {
      counter.begin(place?.uri ?? name);
      counter.add(batch);
    }
    return { reference, schema: columnSchemaOf(counter.stats(), inferring), dropped, head };
  }
  const schema = await inferColumns(name, { ...reading, ...inferring });
  return { reference, schema, dropped, head };
}

/** Returns the batches with the first `rows` records; undefined if they are too large. */
async function readHead(
  name: string,
  rows: number,
  reading: TableReading,
): Promise<SourceBatch[] | undefined> {
  const { jobs: _, ...options } = reading;
  const head: SourceBatch[] = [];
  let records = 0;
  let bytes = 0;
  for await (const one of sourceBatches(name, options)) {
    head.push(one);
    records += one.batch.length;
    for (let i = 0; i < one.batch.length; i++) bytes += one.batch.index[2 * i + 1];
    if (records >= rows) return head;
    if (bytes > MAX_HEAD_BYTES) return undefined;
  }
  return head;
}

/**
 * Returns the columns that a statement may use.
 *
 * @throws RecordpipeError `schema-mismatch` if it may use a feature that columns cannot represent
 */
export function usedColumns(
  { reference, schema, dropped }: RecordTable,
  words: ReadonlySet<string>,
): ColumnSchema {
  const { name, all } = reference;
  for (const [feature, why] of dropped) {
    if (!all && !words.has(feature.toLowerCase())) continue;
    throw new RecordpipeError('schema-mismatch', `columns: feature ${JSON.stringify(feature)}: ${why}`, {
      uri: name,
    });
  }
  const used = all ? schema.fields : schema.fields.filter((field) => words.has(field.name.toLowerCase()));
  // A table has at least one column. The rows of a table without columns are counted by any other.
  const fields = used.length > 0 ? used : schema.fields.filter(isSmall).slice(0, 1);
  return { ...schema, fields: fields.length > 0 ? fields : schema.fields.slice(0, 1) };
}

function isSmall({ type }: ColumnSchema['fields'][number]): boolean {
  return type.type !== 'list' && type.type !== 'bytes' && type.type !== 'text';
}

/** Returns a name in lower case as DuckDB compares names: letters outside of ASCII differ by case. */
function asciiLowerCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Creates a table without rows. @throws UsageError for columns whose names differ only in case */
export async function createTable(
  database: QueryDatabase,
  { name }: TableReference,
  { fields }: ColumnSchema,
): Promise<void> {
  const known = new Map<string, string>();
  for (const field of fields) {
    const other = known.get(asciiLowerCase(field.name));
    if (other !== undefined)
      throw new UsageError(
        `query: ${JSON.stringify(name)}: SQL column names are not case-sensitive, got ${JSON.stringify(other)} and ${JSON.stringify(field.name)}; convert the files to Parquet with recordpipe convert, and query that file, where the later name has the suffix _1`,
      );
    known.set(asciiLowerCase(field.name), field.name);
  }
  const columns = fields.map((field) => `${quotedName(field.name)} ${sqlType(field.type)}`);
  await database.rows(`CREATE OR REPLACE TABLE ${quotedName(name)} (${columns.join(', ')})`);
}

/** Appends the records of a table that was created with columns `schema`. */
export async function loadTable(
  database: QueryDatabase,
  { reference, head }: RecordTable,
  schema: ColumnSchema,
  reading: TableReading,
): Promise<void> {
  const { name, rows } = reference;
  const { jobs: _, ...options } = reading;
  const { signal } = reading;
  const columns = schema.fields.map((field) => field.name);
  const batches =
    head === undefined
      ? readTableBatches(name, schema, { ...options, columns })
      : columnBatches(
          batchesOf(head),
          new ColumnDecoder(chooseColumns(schema, columns), { unlisted: 'ignore' }),
          {
            batchRows: HEAD_BATCH_ROWS,
            batchBytes: MAX_HEAD_BYTES,
            signal,
          },
        );
  if (rows !== 0) await appendBatches(database, name, batches, { maxRows: rows, signal });
}

async function* batchesOf(batches: readonly SourceBatch[]): AsyncGenerator<SourceBatch> {
  yield* batches;
}
