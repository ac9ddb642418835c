import type { RecordpipeError } from '../../errors.ts';
import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import type { ColumnSchema } from '../../messages/columns/column-schema.ts';

/** Names of the table formats. */
export type TableFormatName = 'parquet' | 'arrow' | 'csv' | 'jsonl';

/** A table format: Parquet, Arrow, CSV or JSON Lines. */
export interface TableFormat {
  readonly name: TableFormatName;
  /** File extensions with the dot. The first one names outputs. */
  readonly extensions: readonly string[];
  /**
   * Starts a table.
   *
   * @param write writes bytes in order; the bytes belong to the sink until the promise resolves
   * @throws RecordpipeError `missing-package` if the library for the format is not installed
   */
  openWriter(
    schema: ColumnSchema,
    write: (bytes: Uint8Array) => Promise<void>,
    options: TableWriteOptions,
  ): Promise<TableWriter>;
  /** Opens a table. */
  openReader(source: TableSource, options: TableReadOptions): Promise<TableReader>;
}

/** Options for writing a table. */
export interface TableWriteOptions {
  /** Number of rows of a Parquet row group. Default: as many as about 16 MiB hold. */
  readonly rowGroupRows?: number;
  /** Compression inside Parquet files. Default `zstd`. */
  readonly compression?: 'none' | 'snappy' | 'gzip' | 'zstd';
  /** Whether values that the format cannot represent are dropped instead of an error. */
  readonly lossy?: boolean;
  /**
   * Whether Arrow data is a stream, for pipes, instead of a file. Default false. Other programs can
   * read a stream while it is written; only a file supports random access.
   */
  readonly stream?: boolean;
  /** Called for each value or column that `lossy` drops. */
  readonly onLoss?: (loss: TableLoss) => void;
  /**
   * Called for each row that the format cannot represent. The row is skipped. If undefined, such a
   * row is an `unrepresentable` error.
   */
  readonly onBadRow?: (error: RecordpipeError) => void;
}

/** Something that `lossy` dropped. */
export interface TableLoss {
  /** Name of the column. */
  readonly column: string;
  /** Number of the row; undefined if the whole column was dropped. */
  readonly row: number | undefined;
  /** What was dropped, such as `lists` or `bits of a NaN`. */
  readonly what: string;
}

/** Options for reading a table. */
export interface TableReadOptions {
  /** Columns to read. `*` matches any characters. Default: all. */
  readonly columns?: readonly string[];
  /**
   * Columns of a table without recordpipe's metadata. Default: derived from the table's own types.
   */
  readonly schema?: ColumnSchema;
  /**
   * Whether floats of 64 bits, and integers among 32-bit floats, are rounded instead of an error.
   * Default false.
   */
  readonly lossy?: boolean;
  /**
   * Number of rows at the start from which the columns of CSV and JSON Lines are inferred. Default:
   * all, which requires a source that can be read twice.
   */
  readonly inferRows?: number;
  /**
   * Called for each row that cannot be read, if reading can continue after it. The row is skipped.
   * If undefined, such a row is an error.
   */
  readonly onBadRow?: (error: RecordpipeError) => void;
  readonly signal?: AbortSignal;
}

/** Writes a table, batch by batch, in constant memory. */
export interface TableWriter {
  /** Writes the rows of a batch, which the caller may reuse when the promise resolves. */
  write(batch: ColumnBatch): Promise<void>;
  /** Completes the table. */
  close(): Promise<void>;
  /** Releases memory after an error. */
  abort(): void;
}

/** Reads a table, batch by batch, in constant memory. */
export interface TableReader {
  readonly schema: ColumnSchema;
  /** Names of columns in which no row has a value, so that their types say nothing. */
  readonly untyped: ReadonlySet<string>;
  batches(): AsyncIterable<ColumnBatch>;
  close(): Promise<void>;
}

/** Bytes of a table. */
export interface TableSource {
  /** Name for messages. */
  readonly uri: string;
  /** Size in bytes; undefined for a pipe. */
  readonly byteLength: number | undefined;
  /** Whether `stream` decompresses the bytes. Unknown before it has yielded any. */
  readonly compressed?: boolean;
  /** Returns the bytes of a range. Only sources with a size support it. */
  slice(start: number, end: number): Promise<Uint8Array>;
  /** Yields all bytes in order. */
  stream(): AsyncIterable<Uint8Array>;
}
