import { checkAborted } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import { type ArrowPackage, arrowPackage } from './arrow-batch.ts';
import { ArrowColumns } from './arrow-columns.ts';
import {
  ARROW_TYPE,
  type ArrowField,
  type ArrowRecordBatch,
  type ArrowSchema,
  type ArrowType,
} from './arrow-data.ts';
import { malformedTable } from './arrow-elements.ts';
import { durationFields } from './arrow-metadata.ts';
import {
  checkParquetMetadata,
  chunksOf,
  PARQUET_MAGIC,
  type ParquetChunk,
  type ParquetColumn,
  type ParquetGroup,
  type ParquetMetadata,
  partOfMetadata,
  TAIL_BYTES,
} from './parquet-metadata.ts';
import { type ParquetPackage, parquetPackage } from './parquet-package.ts';
import { checkPages } from './parquet-pages.ts';
import { ThriftReader } from './parquet-thrift.ts';
import { ParquetWriter } from './parquet-writer.ts';
import type { TableFormat, TableReader, TableReadOptions, TableSource } from './table-format.ts';

/** Parquet files, row group by row group. */
export const parquetFormat: TableFormat = {
  name: 'parquet',
  extensions: ['.parquet', '.pq'],
  async openWriter(schema, write, options) {
    return new ParquetWriter(await parquetPackage(), await arrowPackage(), schema, write, options);
  },
  async openReader(source, options) {
    const parquet = await parquetPackage();
    const arrow = await arrowPackage();
    const metadata = await readMetadata(source);
    return new ParquetReader(parquet, arrow, source, metadata, options);
  },
};

/** The end of a file that is read first. It contains the metadata of most files. */
const FIRST_READ_BYTES = 64 * 1024;
/** Maximum size of the requested columns of a row group, which are read together. */
const MAX_GROUP_BYTES = 1024 * 1024 * 1024;
/** Size of the values that are decoded at a time, and of a batch. */
const DECODED_BYTES = 32 * 1024 * 1024;
const BATCH_BYTES = 4 * 1024 * 1024;
const MAX_BATCH_ROWS = 64 * 1024;
/** Number of times that the pages of a large row group are decoded at most. */
const MAX_PARTS = 4;

async function readMetadata(source: TableSource): Promise<ParquetMetadata> {
  const { uri, byteLength } = source;
  if (byteLength === undefined)
    throw new RecordpipeError(
      'unsupported-source',
      'a Parquet file cannot be read from a pipe, because its metadata is at the end; save it to a file first',
      { uri },
    );
  const isMagic = (bytes: Uint8Array, at: number): boolean =>
    PARQUET_MAGIC.every((byte, i) => bytes[at + i] === byte);
  if (byteLength < PARQUET_MAGIC.length + TAIL_BYTES)
    throw malformedTable(`the file has ${byteLength} bytes, too few for a Parquet file`, uri);
  let end = await source.slice(Math.max(0, byteLength - FIRST_READ_BYTES), byteLength);
  const tail = end.length - TAIL_BYTES;
  if (!isMagic(end, tail + 4))
    throw malformedTable(
      'the file does not end with PAR1; the file is truncated, or is not a Parquet file',
      uri,
    );
  const size = new DataView(end.buffer, end.byteOffset + tail).getUint32(0, true);
  const start = byteLength - TAIL_BYTES - size;
  if (start < PARQUET_MAGIC.length)
    throw malformedTable(`the Parquet metadata is corrupt: its length is ${size}`, uri);
  if (size > tail) end = await source.slice(start, byteLength);
  return readCorrectly(uri, 'the Parquet metadata', () => {
    const bytes = end.subarray(0, end.length - TAIL_BYTES);
    return checkParquetMetadata(new ThriftReader(bytes, bytes.length - size).struct(), start, uri);
  });
}

class ParquetReader implements TableReader {
  readonly schema: ArrowColumns['schema'];
  readonly untyped: ArrowColumns['untyped'];
  readonly #parquet: ParquetPackage;
  readonly #arrow: ArrowPackage;
  readonly #source: TableSource;
  readonly #metadata: ParquetMetadata;
  readonly #options: TableReadOptions;
  /** The columns to read, in file order. */
  readonly #columns: readonly ParquetColumn[];

  constructor(
    parquet: ParquetPackage,
    arrow: ArrowPackage,
    source: TableSource,
    metadata: ParquetMetadata,
    options: TableReadOptions,
  ) {
    this.#parquet = parquet;
    this.#arrow = arrow;
    this.#source = source;
    this.#metadata = metadata;
    this.#options = options;
    const { uri } = source;
    const { fields } = this.#tableSchema(metadata.columns);
    const table = { fields: withDurations(fields, metadata.pairs), metadata: metadata.pairs };
    const { schema, untyped } = new ArrowColumns(table, { ...options, uri });
    this.schema = schema;
    this.untyped = untyped;
    const names = new Set(this.schema.fields.map(({ name }) => name));
    this.#columns = metadata.columns.filter(({ name }) => names.has(name));
  }

  async *batches(): AsyncGenerator<ColumnBatch, void, undefined> {
    const { uri } = this.#source;
    const { lossy, signal } = this.#options;
    const options = { uri, lossy, schema: this.schema };
    const columns = new ArrowColumns(this.#tableSchema(this.#columns), options);
    let firstRow = 0;
    for (const [number, group] of this.#metadata.groups.entries()) {
      if (group.rows === 0) continue;
      checkAborted(signal);
      if (this.#columns.length === 0) {
        yield { schema: this.schema, rows: group.rows, firstRow, columns: [] };
        firstRow += group.rows;
        continue;
      }
      const what = `row group ${number} of the Parquet file`;
      const file = await this.#fileOf(group, what);
      const parts = Math.min(MAX_PARTS, Math.ceil(group.bytes / DECODED_BYTES)) || 1;
      const limit = Math.ceil(group.rows / parts);
      let rows = 0;
      for (let offset = 0; offset < group.rows; offset += limit) {
        for (const batch of this.#decode(file, group, offset, limit, what)) {
          if (batch.numRows === 0) continue;
          checkAborted(signal);
          yield columns.read(batch, firstRow);
          firstRow += batch.numRows;
          rows += batch.numRows;
        }
      }
      if (rows !== group.rows) throw malformedTable(`${what} has ${rows} rows, not ${group.rows}`, uri);
    }
  }

  async close(): Promise<void> {}

  /** Returns the Arrow schema of some columns. */
  #tableSchema(columns: readonly ParquetColumn[]): ArrowSchema {
    if (columns.length === 0) return { fields: [], metadata: new Map() };
    const file = parquetFile([], partOfMetadata(this.#metadata, columns));
    return readCorrectly(this.#source.uri, 'the Parquet schema', () => {
      const stream = this.#parquet.readSchema(file).intoIPCStream();
      return this.#arrow.RecordBatchReader.from(stream).open().schema;
    });
  }

  /**
   * Returns a file that contains the requested columns of one row group. The parquet-wasm package
   * decodes it at once, so that errors and memory stay under control: its streams end the process if
   * a page is corrupt.
   */
  async #fileOf(group: ParquetGroup, what: string): Promise<Uint8Array> {
    const { uri } = this.#source;
    const chunks = chunksOf(group, this.#columns);
    const total = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
    if (total > MAX_GROUP_BYTES)
      throw new RecordpipeError(
        'unrepresentable',
        `${what} has ${total} bytes in the requested columns, but at most ${MAX_GROUP_BYTES} are supported; ` +
          'read fewer columns at a time, or write the file with smaller row groups',
        { uri },
      );
    const pieces: Uint8Array[] = [];
    const positions = new Map<ParquetChunk, number>();
    let at = PARQUET_MAGIC.length;
    for (const run of adjacent(chunks)) {
      const from = run[0].start;
      const bytes = await this.#source.slice(from, run[run.length - 1].end);
      if (bytes.length !== run[run.length - 1].end - from) throw malformedTable(`${what} ends early`, uri);
      readCorrectly(uri, what, () => {
        for (const { start, end } of run) checkPages(bytes.subarray(start - from, end - from));
      });
      for (const chunk of run) positions.set(chunk, at + chunk.start - from);
      pieces.push(bytes);
      at += bytes.length;
    }
    const metadata = partOfMetadata(this.#metadata, this.#columns, group, (chunk) => positions.get(chunk)!);
    return parquetFile(pieces, metadata);
  }

  /** Decodes the rows [offset, offset + limit) of a row group. */
  #decode(
    file: Uint8Array,
    group: ParquetGroup,
    offset: number,
    limit: number,
    what: string,
  ): readonly ArrowRecordBatch[] {
    const rowsOfBatch = Math.floor((group.rows * BATCH_BYTES) / Math.max(group.bytes, 1));
    const batchSize = Math.max(1, Math.min(MAX_BATCH_ROWS, rowsOfBatch));
    return readCorrectly(this.#source.uri, what, () => {
      const table = this.#parquet.readParquet(file, { batchSize, offset, limit });
      const reader = this.#arrow.RecordBatchReader.from(table.intoIPCStream());
      return [...reader] as readonly ArrowRecordBatch[];
    });
  }
}

const DURATION: ArrowType = { typeId: ARROW_TYPE.duration, children: [] };

/**
 * Restores the type of durations. Parquet stores them as integers, and only the Arrow schema that
 * Arrow's libraries add to the file says what they are.
 */
function withDurations(
  fields: readonly ArrowField[],
  pairs: ParquetMetadata['pairs'],
): readonly ArrowField[] {
  // An encapsulated message: a continuation marker, the size of the metadata, and the metadata.
  const message = Buffer.from(pairs.get('ARROW:schema') ?? '', 'base64');
  const durations = durationFields(message.subarray(8));
  return fields.map((field) => (durations.has(field.name ?? '') ? { ...field, type: DURATION } : field));
}

/** Returns groups of chunks, each of which is contiguous in the file. */
function adjacent(chunks: readonly ParquetChunk[]): ParquetChunk[][] {
  const runs: ParquetChunk[][] = [];
  for (const chunk of chunks) {
    const last = runs.at(-1);
    if (last !== undefined && last[last.length - 1].end === chunk.start) last.push(chunk);
    else runs.push([chunk]);
  }
  return runs;
}

function parquetFile(pieces: readonly Uint8Array[], metadata: Uint8Array): Uint8Array {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, metadata.length, true);
  return Buffer.concat([PARQUET_MAGIC, ...pieces, metadata, size, PARQUET_MAGIC]);
}

/** Runs code that decodes data. Any other error that it throws means that the data is corrupt. */
function readCorrectly<Result>(uri: string, what: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof RecordpipeError) throw error;
    // Rust code that panics ends in a trap, whose message says nothing.
    const isTrap = error instanceof WebAssembly.RuntimeError;
    const text = isTrap ? 'it cannot be decoded' : error instanceof Error ? error.message : String(error);
    throw malformedTable(`${what} is corrupt: ${text}`, uri, error);
  }
}
