import type { RecordBatch, Schema } from 'apache-arrow';
import { RecordpipeError } from '../../errors.ts';
import type { ColumnBatch, ColumnVector } from '../../messages/columns/column-batch.ts';
import { COLUMN_SCHEMA_KEY, type ColumnSchema } from '../../messages/columns/column-schema.ts';
import { type ArrowPackage, arrowSchema, recordBatch } from './arrow-batch.ts';
import { PieceWriter, streamEncoder } from './arrow-encoders.ts';
import {
  CHUNK,
  COLUMN,
  checkParquetMetadata,
  FILE,
  GROUP,
  movedColumn,
  PARQUET_MAGIC,
  type ParquetChunk,
  TAIL_BYTES,
} from './parquet-metadata.ts';
import type { ParquetPackage } from './parquet-package.ts';
import { withChecksums } from './parquet-pages.ts';
import {
  intField,
  numberAt,
  structList,
  ThriftReader,
  type ThriftStruct,
  thriftBytes,
} from './parquet-thrift.ts';
import type { TableWriteOptions, TableWriter } from './table-format.ts';

/** Size of the values of a row group, unless the options set a number of rows. */
const GROUP_BYTES = 16 * 1024 * 1024;

/**
 * Writes a Parquet file, one row group at a time. The parquet-wasm package encodes each row group as
 * a file of its own. This class takes its pages, adds checksums, and writes the metadata of all row
 * groups at the end. The package's own streams would ignore errors.
 */
export class ParquetWriter implements TableWriter {
  readonly #parquet: ParquetPackage;
  readonly #arrow: ArrowPackage;
  readonly #schema: Schema;
  readonly #stored: string;
  readonly #options: TableWriteOptions;
  readonly #output: PieceWriter;
  /** The rows of the current row group, as an Arrow stream. */
  #rows: IpcMemory;
  #encoder: { write(batch: RecordBatch): void; finish(): unknown };
  #groupRows = 0;
  /** Metadata of the file of the first row group, and of all row groups. */
  #file: ThriftStruct | undefined;
  readonly #groups: ThriftStruct[] = [];
  #written = 0;
  #totalRows = 0;

  constructor(
    parquet: ParquetPackage,
    arrow: ArrowPackage,
    schema: ColumnSchema,
    write: (bytes: Uint8Array) => Promise<void>,
    options: TableWriteOptions,
  ) {
    this.#parquet = parquet;
    this.#arrow = arrow;
    this.#schema = arrowSchema(arrow, schema);
    this.#stored = JSON.stringify(schema);
    this.#options = options;
    this.#output = new PieceWriter(write);
    this.#rows = new IpcMemory();
    this.#encoder = streamEncoder(arrow, this.#schema, (piece) => this.#rows.add(piece));
  }

  async write(batch: ColumnBatch): Promise<void> {
    if (batch.columns.length === 0 && batch.rows > 0)
      throw new RecordpipeError(
        'unrepresentable',
        'no record has a feature, but a Parquet file cannot contain rows without columns; write Arrow instead',
      );
    const whole = recordBatch(this.#arrow, this.#schema, batch);
    const { rowGroupRows } = this.#options;
    const rowBytes =
      batch.columns.reduce((sum, column) => sum + bytesOf(column), 0) / Math.max(batch.rows, 1);
    for (let from = 0; from < batch.rows; ) {
      const room =
        rowGroupRows === undefined
          ? Math.max(1, Math.floor((GROUP_BYTES - this.#rows.end) / rowBytes))
          : rowGroupRows - this.#groupRows;
      const to = Math.min(batch.rows, from + room);
      this.#encoder.write(to - from === batch.rows ? whole : whole.slice(from, to));
      this.#groupRows += to - from;
      from = to;
      const isFull =
        rowGroupRows === undefined ? this.#rows.end >= GROUP_BYTES * 0.9 : this.#groupRows >= rowGroupRows;
      if (isFull) await this.#endGroup();
    }
  }

  async close(): Promise<void> {
    if (this.#groupRows > 0 || this.#file === undefined) await this.#endGroup();
    const file = this.#file!;
    file.set(FILE.rows, intField(this.#totalRows, 64));
    file.set(FILE.groups, structList(this.#groups));
    const metadata = thriftBytes(file);
    const tail = new Uint8Array(TAIL_BYTES);
    new DataView(tail.buffer).setUint32(0, metadata.length, true);
    tail.set(PARQUET_MAGIC, 4);
    await this.#output.write([metadata, tail]);
    this.abort();
  }

  abort(): void {
    this.#rows = new IpcMemory();
    this.#groups.length = 0;
  }

  async #endGroup(): Promise<void> {
    this.#encoder.finish();
    const encoded = this.#encode();
    this.#rows.end = 0;
    this.#encoder = streamEncoder(this.#arrow, this.#schema, (piece) => this.#rows.add(piece));
    const pieces: Uint8Array[] = [];
    if (this.#file === undefined) {
      pieces.push(PARQUET_MAGIC);
      this.#written = PARQUET_MAGIC.length;
    }
    const tail = encoded.length - TAIL_BYTES;
    const metadataBytes = new DataView(encoded.buffer, encoded.byteOffset + tail).getUint32(0, true);
    const file = new ThriftReader(encoded, tail - metadataBytes).struct();
    const { groups } = checkParquetMetadata(file, tail - metadataBytes, '(row group)');
    this.#file ??= file;
    for (const group of groups) {
      const start = this.#written;
      const chunks = group.chunks.map((chunk) => this.#chunk(chunk, encoded, pieces));
      group.struct.set(GROUP.columns, structList(chunks));
      group.struct.set(GROUP.offset, intField(start, 64));
      group.struct.set(GROUP.compressedBytes, intField(this.#written - start, 64));
      if (group.struct.has(GROUP.ordinal)) group.struct.delete(GROUP.ordinal);
      this.#groups.push(group.struct);
      this.#totalRows += group.rows;
    }
    if (this.#groupRows !== groups.reduce((sum, { rows }) => sum + rows, 0))
      throw new RecordpipeError('io-failure', 'parquet-wasm did not encode all rows');
    this.#groupRows = 0;
    await this.#output.write(pieces);
  }

  /** Returns the rows of the current row group as a Parquet file. */
  #encode(): Uint8Array {
    const { Table, writeParquet, WriterPropertiesBuilder, Compression, EnabledStatistics } = this.#parquet;
    const codec = {
      none: Compression.UNCOMPRESSED,
      snappy: Compression.SNAPPY,
      gzip: Compression.GZIP,
      zstd: Compression.ZSTD,
    }[this.#options.compression ?? 'zstd'];
    try {
      const table = Table.fromIPCStream(this.#rows.bytes());
      const properties = new WriterPropertiesBuilder()
        .setCompression(codec)
        .setDictionaryEnabled(false)
        .setStatisticsEnabled(EnabledStatistics.Chunk)
        .setMaxRowGroupSize(2 ** 31 - 1)
        .setCreatedBy('recordpipe')
        .setKeyValueMetadata(new Map([[COLUMN_SCHEMA_KEY, this.#stored]]))
        .build();
      return writeParquet(table, properties);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new RecordpipeError('io-failure', `the rows cannot be encoded as Parquet: ${text}`, {}, error);
    }
  }

  /** Adds the pages of a chunk to the output. Returns its metadata. */
  #chunk(chunk: ParquetChunk, encoded: Uint8Array, pieces: Uint8Array[]): ThriftStruct {
    const pages = withChecksums(encoded.subarray(chunk.start, chunk.end));
    const metadata = movedColumn(chunk.metadata, this.#written - chunk.start);
    // The dictionary is the first page, so the data starts later by as much as its header has grown.
    if (metadata.has(COLUMN.dictionaryOffset))
      metadata.set(
        COLUMN.dataOffset,
        intField(numberAt(metadata, COLUMN.dataOffset)! + pages.firstGrown, 64),
      );
    for (const id of [COLUMN.bytes, COLUMN.compressedBytes])
      metadata.set(id, intField(numberAt(metadata, id)! + pages.grown, 64));
    for (const piece of pages.pieces) pieces.push(piece);
    this.#written += pages.bytes;
    return new Map([
      [CHUNK.offset, intField(0, 64)],
      [CHUNK.metadata, { type: chunk.struct.get(CHUNK.metadata)!.type, value: metadata }],
    ]);
  }
}

/** Returns the size of the memory of a vector. */
function bytesOf(vector: ColumnVector): number {
  const validity = vector.validity?.length ?? 0;
  switch (vector.type) {
    case 'list':
      return validity + vector.offsets.byteLength + bytesOf(vector.items);
    case 'bytes':
    case 'text':
      return validity + vector.offsets.byteLength + vector.data.length;
    default:
      return validity + vector.values.byteLength;
  }
}

/** Memory for an Arrow stream, which the next row group uses again. */
class IpcMemory {
  #memory = new Uint8Array(1024 * 1024);
  end = 0;

  add(piece: Uint8Array): void {
    if (this.end + piece.length > this.#memory.length) {
      const grown = new Uint8Array(Math.max(2 * this.#memory.length, this.end + piece.length));
      grown.set(this.#memory.subarray(0, this.end));
      this.#memory = grown;
    }
    this.#memory.set(piece, this.end);
    this.end += piece.length;
  }

  bytes(): Uint8Array {
    return this.#memory.subarray(0, this.end);
  }
}
