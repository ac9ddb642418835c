import type { ByteSource } from '../bytes/sources.ts';
import type { ErrorJson, RecordpipeError } from '../errors.ts';
import type { FormatName } from '../formats/names/index.ts';
import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import type { FilterReport } from '../messages/filter/filter-report.ts';
import type { InputOptions } from '../records/inputs/input-options.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import type {
  InputOptions as RecordInputOptions,
  OutputOptions as RecordOutputOptions,
  TransformProgress,
} from '../transform/transform-options.ts';
import type { TableFormatName, TableLoss } from './formats/table-format.ts';

/** Formats of inputs and outputs, which are record files or tables. */
export type ConvertFormat = Exclude<FormatName, 'textline'> | TableFormatName;

/**
 * Inputs of a conversion: one source of bytes, or files. For record files, a name may also be a
 * folder, a pattern, an `@list` or a prefix, as for `expandInputs` of `recordpipe/check`.
 */
export type ConvertInputs = ByteSource | readonly (string | URL)[];

/** Options of {@link convertTable}. Every field has a default. */
export interface ConvertTableOptions extends InputOptions {
  /** Format of the inputs. Default `auto`: from the extension of the first, else record files. */
  readonly from: ConvertFormat | 'auto';
  /** Format of the output. Default: from its extension. */
  readonly to: ConvertFormat | undefined;
  /**
   * The columns. Default: those stored in the input (Parquet, Arrow), else inferred from all
   * records. A whole file is read once, unless a later record leads to other columns than the first
   * ones. With `where`, `columns`, `lossy`, `skipErrors`, a range, or an output that is not a
   * file or an object, the input is read twice.
   */
  readonly schema: ColumnSchema | undefined;
  /**
   * Number of records at the start from which the columns are inferred. A later record that does not
   * fit is an error. Required for an input that can be read only once, unless `schema` is set.
   */
  readonly inferRecords: number | undefined;
  /**
   * Expression that selects the records of record files: see `compileFilter`. An input that is a table
   * has no records to select. Default: all records.
   */
  readonly where: string | undefined;
  /** Number of threads that infer the columns of record files. Default: the number of cores. */
  readonly jobs: number | undefined;
  /** Number of records of record files to skip at the start, over all inputs. Default 0. */
  readonly skipRecords: number;
  /** Maximum number of records of record files to convert after those. Default: all. */
  readonly maxRecords: number | undefined;
  /** Maximum number of rows of a batch, which Arrow keeps. Default 16,384, or fewer if they are large. */
  readonly batchRows: number | undefined;
  /** Columns to convert. `*` matches any characters. Default: all. */
  readonly columns: readonly string[] | undefined;
  /**
   * Maximum number of rows per output. The outputs are then `NAME-00000-of-00012.EXT`. Default: all
   * rows in one output.
   */
  readonly rowsPerFile: number | undefined;
  /**
   * Whether to drop what the output cannot represent: features of several kinds, features without a
   * column, lists in CSV, the bits of NaNs in text, and digits of numbers in columns of floats.
   * Default false: it is an error.
   */
  readonly lossy: boolean;
  /** Called for each thing that `lossy` drops. */
  readonly onLoss: ((loss: TableLoss) => void) | undefined;
  /**
   * Maximum number of damaged or unrepresentable records to skip. Default 0: the first one is an
   * error. An error leaves no output. If a record file is truncated, or damaged so that nothing after
   * the damage is readable, its earlier records are converted, and the damage counts as one record.
   */
  readonly skipErrors: number;
  /** Called for each skipped record. */
  readonly onSkipped: ((error: RecordpipeError) => void) | undefined;
  /** Options for reading record files. */
  readonly read: RecordInputOptions;
  /** Options for writing record files, and the compression of CSV and JSON Lines. */
  readonly write: RecordOutputOptions;
  /** Number of rows of a Parquet row group. Default: as many as about 16 MiB hold. */
  readonly rowGroupRows: number | undefined;
  /** Compression inside Parquet files. Default `zstd`. */
  readonly compression: 'none' | 'snappy' | 'gzip' | 'zstd' | undefined;
  /** Whether to replace existing outputs. Default false. An input is never replaced. */
  readonly overwrite: boolean;
  /** How to access objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Called periodically with the progress. */
  readonly onProgress: ((progress: TransformProgress) => void) | undefined;
  /** Signal that aborts the work with an `aborted` error and removes unfinished files. */
  readonly signal: AbortSignal | undefined;
}

/** An output of a conversion. */
export interface ConvertedFile {
  /** Path or address of the output file. */
  readonly path: string;
  /** Number of records in the output. */
  readonly records: number;
  /** Size of the output, in bytes. */
  readonly bytes: number;
}

/** Result of a conversion. */
export interface ConvertTableResult {
  /** Format of the inputs; `auto` if the format of each record file was detected. */
  readonly from: ConvertFormat | 'auto';
  /** Format of the outputs. */
  readonly to: ConvertFormat;
  /** Number of records written. */
  readonly records: number;
  /** Number of errors that `skipErrors` skipped. */
  readonly skipped: number;
  /** The first 100 of these errors. */
  readonly findings: readonly ErrorJson[];
  /** The files that were written. */
  readonly outputs: readonly ConvertedFile[];
  /** The columns of the table. */
  readonly schema: ColumnSchema;
  /** Result of the `where` filter. Omitted if no filter was specified. */
  readonly where?: FilterReport;
}
