import { statSync } from 'node:fs';
import type { ByteSource } from '../bytes/sources.ts';
import { filesNamed } from '../dataset/file-names.ts';
import { RecordpipeError } from '../errors.ts';
import type { ColumnBatch } from '../messages/columns/column-batch.ts';
import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import type { InputOptions } from '../records/inputs/input-options.ts';
import { isRemote } from '../storage/registry.ts';
import type { ConvertInputs, ConvertTableOptions } from './convert-options.ts';
import { checkChosen, namesOf, type RowSource, type Skip } from './convert-source.ts';
import { TABLE_EXTENSIONS, tableFormat } from './formats/registry.ts';
import type { TableFormat, TableFormatName, TableReader, TableReadOptions } from './formats/table-format.ts';
import { mergeSchemas } from './merge-schemas.ts';
import { RowPlaces } from './row-places.ts';
import { type OpenTableSource, openTableSource } from './table-source.ts';

/** An open table. */
interface OpenTable {
  readonly source: OpenTableSource;
  readonly reader: TableReader;
}

/** Opens tables as rows, one table after another. */
export async function openTableRows(
  inputs: ConvertInputs,
  format: TableFormatName,
  options: ConvertTableOptions,
  skip: Skip,
): Promise<RowSource> {
  const tables = new Tables(await tableFormat(format), options, skip);
  const sources =
    namesOf(inputs)?.includes('-') === false
      ? await expandTables(namesOf(inputs)!, format, options)
      : [inputs as ByteSource];
  const [only] = sources;
  const first = sources.length === 1 ? await tables.open(only, options.schema) : undefined;
  const schema = first?.reader.schema ?? options.schema ?? (await tables.schemaOf(sources as string[]));
  const places = new RowPlaces();
  const close = async (): Promise<void> => {
    await first?.reader.close();
    await first?.source.close();
  };
  return { schema, batches: tables.batches(sources, schema, first, places), places, close };
}

class Tables {
  readonly #format: TableFormat;
  readonly #isText: boolean;
  readonly #options: ConvertTableOptions;
  readonly #skip: Skip;

  constructor(format: TableFormat, options: ConvertTableOptions, skip: Skip) {
    this.#format = format;
    this.#isText = format.name === 'csv' || format.name === 'jsonl';
    this.#options = options;
    this.#skip = skip;
  }

  /** @param schema the columns, if they are known */
  async open(from: ByteSource, schema: ColumnSchema | undefined): Promise<OpenTable> {
    const { objects, signal, read, columns, inferRecords, lossy } = this.#options;
    const source = await openTableSource(from, { uri: read.uri, objects, signal });
    const options: TableReadOptions = {
      lossy,
      ...(schema && { schema }),
      ...(signal && { signal }),
      ...(this.#skip && { onBadRow: this.#skip }),
      ...(inferRecords !== undefined && { inferRows: inferRecords }),
      // A column of an unsupported type is no error unless it is chosen.
      ...(columns && { columns }),
    };
    try {
      const reader = await this.#format.openReader(source, options);
      checkChosen(reader.schema, reader.schema, columns);
      return { source, reader };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Returns the columns of all tables. */
  async schemaOf(sources: readonly string[]): Promise<ColumnSchema> {
    const schemas = [];
    for (const uri of sources) {
      const { reader, source } = await this.open(uri, undefined);
      schemas.push({ uri, schema: reader.schema, untyped: reader.untyped });
      await reader.close();
      await source.close();
    }
    return mergeSchemas(schemas, this.#isText);
  }

  async *batches(
    sources: readonly ByteSource[],
    schema: ColumnSchema,
    first: OpenTable | undefined,
    places: RowPlaces,
  ): AsyncGenerator<ColumnBatch> {
    let firstRow = 0;
    for (const from of sources) {
      const { reader, source } = first ?? (await this.open(from, schema));
      try {
        for await (const batch of reader.batches()) {
          places.add(firstRow, source.uri, batch.firstRow);
          yield { ...aligned(batch, schema, source.uri), firstRow };
          firstRow += batch.rows;
          this.#options.onProgress?.({ records: firstRow, bytes: 0, totalBytes: undefined });
        }
      } finally {
        await reader.close();
        await source.close();
      }
    }
  }
}

/** Returns the columns of a batch in the order of the schema. */
function aligned(batch: ColumnBatch, schema: ColumnSchema, uri: string): ColumnBatch {
  if (batch.schema === schema) return batch;
  const columns = schema.fields.map(({ name }) => {
    const i = batch.schema.fields.findIndex((field) => field.name === name);
    if (i >= 0) return batch.columns[i];
    throw new RecordpipeError('schema-mismatch', `the table has no column ${JSON.stringify(name)}`, { uri });
  });
  return { ...batch, schema, columns };
}

/**
 * Returns the tables of a format in files, patterns, `@list`s, folders and prefixes.
 *
 * @throws the same errors as `expandInputs` of `recordpipe/check`
 */
export async function expandTables(
  names: readonly string[],
  format: TableFormatName,
  given: Partial<Pick<ConvertTableOptions, keyof InputOptions | 'objects' | 'signal'>> = {},
): Promise<string[]> {
  const { include, exclude, strictShards, onNotice, objects, signal } = given;
  const endings = TABLE_EXTENSIONS[format].flatMap((extension) => [extension, `${extension}.gz`]);
  const inside = `**/*{${endings.join()}}`;
  const patterns = names.map((name) => (isFolder(name) ? `${name.replace(/\/+$/, '')}/${inside}` : name));
  const files: string[] = [];
  const naming = { include, exclude, strictShards, onNotice, objects, signal };
  for await (const { path } of filesNamed(patterns, naming)) files.push(String(path));
  return files;
}

function isFolder(name: string): boolean {
  return isRemote(name)
    ? name.endsWith('/')
    : statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}
