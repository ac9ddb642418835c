import { readFile } from 'node:fs/promises';
import type {
  ConvertFormat,
  ConvertTableOptions,
  ConvertTableResult,
  TableFormatName,
  TableLoss,
} from 'recordpipe/columns';
import { RecordpipeError, UsageError } from 'recordpipe/errors';
import type { SelectingOptions } from 'recordpipe/transform';
import { complainAbout } from './advice.ts';
import { type InputSelection, inputsOf, sourceOf } from './options/inputs.ts';
import { atLeast, choice, flag, grouped, names, type OptionsOf, parsed, value } from './options/option.ts';
import { complain } from './output.ts';
import { formatBytes, formatNumberOf, visible } from './text/format.ts';

/** Table formats. */
export const TABLE_FORMATS: readonly TableFormatName[] = ['parquet', 'arrow', 'csv', 'jsonl'];

/** Options of conversions from or to tables. */
export interface TableOptions {
  readonly schema?: string;
  readonly infer?: number;
  readonly skip?: number;
  readonly records?: number;
  readonly batchRows?: number;
  readonly columns?: readonly string[];
  readonly rowsPerFile?: number;
  readonly lossy?: true;
  readonly skipErrors?: number;
  readonly rowGroup?: number;
  readonly tableCompression?: 'none' | 'snappy' | 'gzip' | 'zstd';
  readonly jobs?: number;
}

export const tableOptions: OptionsOf<TableOptions> = grouped('Tables (parquet, arrow, csv, jsonl):', {
  schema: value(
    '--schema <file>',
    'column schema: a file written by recordpipe schema, or the output of convert --json (default: inferred from all records)',
  ),
  infer: parsed(
    '--infer <n>',
    'infer the columns from the first N records only (required for stdin unless you pass --schema)',
    atLeast(1),
  ),
  skip: parsed('--skip <n>', 'number of records to skip at the start (default: 0)', atLeast(0)),
  records: parsed('-n, --records <n>', 'maximum number of records (default: all)', atLeast(1)),
  batchRows: parsed(
    '--batch-rows <n>',
    'maximum number of rows per Arrow record batch (default: 16384)',
    atLeast(1),
  ),
  columns: parsed(
    '--columns <names>',
    'columns to convert, comma-separated; * matches any sequence of characters',
    names,
  ),
  rowsPerFile: parsed(
    '--rows-per-file <n>',
    'maximum number of rows per output file; output files are named NAME-00000-of-00012.EXT',
    atLeast(1),
  ),
  lossy: flag(
    '--lossy',
    'drop and report data that the output cannot represent: features with several types or without a column, lists in csv, NaN bit patterns in text, digits of numbers in float columns',
  ),
  skipErrors: parsed(
    '--skip-errors <n>',
    'skip and report up to N damaged or unrepresentable records (default: 0)',
    atLeast(0),
  ),
  rowGroup: parsed(
    '--row-group <n>',
    'maximum number of rows per Parquet row group (default: as many rows as fit in about 16 MiB)',
    atLeast(1),
  ),
  tableCompression: choice('--table-compression <kind>', 'compression inside Parquet files (default: zstd)', [
    'none',
    'snappy',
    'gzip',
    'zstd',
  ]),
  jobs: parsed('-j, --jobs <n>', 'number of threads that infer columns (default: one per core)', atLeast(1)),
});

/** Options of a conversion that concern its tables and its inputs. */
export type TableConversionOptions = TableOptions &
  InputSelection & {
    readonly from?: string;
    readonly to?: string;
    readonly format: string;
    readonly outputDir?: string;
    readonly quiet?: true;
  };

/** Reports whether a conversion reads or writes a table, according to options and names. */
export async function isTableConversion(
  inputs: readonly string[],
  output: string | undefined,
  { from, to, format }: TableConversionOptions,
): Promise<boolean> {
  const { isTableFormat, tableFormatOfName } = await import('recordpipe/columns');
  const kindOf = (option: string | undefined, name: string | undefined): boolean =>
    option === undefined
      ? name !== undefined && tableFormatOfName(name) !== undefined
      : isTableFormat(option);
  const source = from ?? (format === 'auto' ? undefined : format);
  return kindOf(source, inputs[0]) || kindOf(to, output);
}

/** Reports that an option applies only to tables. @throws UsageError */
export function refuseTableOptions(options: TableOptions): void {
  const given = Object.keys(tableOptions).find((name) => options[name as keyof TableOptions] !== undefined);
  if (given !== undefined)
    throw new UsageError(
      `${tableOptions[given as keyof TableOptions].long}: applies only to tables; pass --to ${TABLE_FORMATS.join(', ')}`,
    );
}

/** Returns the library's options for a conversion of tables. */
export async function tableConversionOf(
  options: TableConversionOptions,
  common: Partial<SelectingOptions>,
): Promise<Partial<ConvertTableOptions>> {
  const { from, to, format, schema, infer, columns, rowsPerFile, lossy, skipErrors, rowGroup } = options;
  const { skip: skipRecords = 0, records: maxRecords, batchRows } = options;
  const { where, read, write, overwrite, onProgress, signal } = common;
  const source = from ?? (format === 'auto' ? undefined : format);
  return {
    from: source as ConvertFormat | undefined,
    to: to as ConvertFormat | undefined,
    schema: schema === undefined ? undefined : await schemaIn(schema),
    inferRecords: infer,
    skipRecords,
    maxRecords,
    batchRows,
    where,
    columns,
    rowsPerFile,
    lossy: lossy ?? false,
    onLoss: lossReport(),
    skipErrors: skipErrors ?? 0,
    onSkipped: skipReport(options.quiet),
    rowGroupRows: rowGroup,
    compression: options.tableCompression,
    jobs: options.jobs,
    read: { ...read },
    write: { ...write },
    objects: read?.objects,
    overwrite,
    onProgress,
    signal,
    ...inputsOf(options, options.quiet),
  } as Partial<ConvertTableOptions>;
}

/** Returns the inputs of the library for arguments: standard input, or names. */
function tableInputs(
  inputs: readonly string[],
): Parameters<typeof import('recordpipe/columns').convertTable>[0] {
  return inputs.length === 1 && inputs[0] === '-' ? sourceOf('-').source : inputs;
}

/** Converts tables. Even with `--quiet`, reports how many records were skipped. */
export async function convertedTable(
  inputs: readonly string[],
  output: string,
  options: Partial<ConvertTableOptions>,
  quiet: true | undefined,
): Promise<ConvertTableResult> {
  const { convertTable } = await import('recordpipe/columns');
  const result = await convertTable(tableInputs(inputs), output, options);
  const { skipped, outputs } = result;
  if (quiet && skipped > 0)
    complain(
      `recordpipe: warning: ${visible(outputs[0].path)}: ${formatNumberOf(skipped, 'record')} skipped (--skip-errors)`,
    );
  return result;
}

/** Returns a summary of the outputs. */
export function tableSummary({ from, to, outputs, records, skipped }: ConvertTableResult): string {
  const bytes = outputs.reduce((sum, file) => sum + file.bytes, 0);
  const [first] = outputs;
  const last = outputs.length > 1 ? ` … ${visible(outputs[outputs.length - 1].path)}` : '';
  const files = outputs.length > 1 ? `${formatNumberOf(outputs.length, 'file')}, ` : '';
  const left = skipped > 0 ? `, ${formatNumberOf(skipped, 'record')} skipped` : '';
  const source = from === 'auto' ? 'records' : from;
  return `${visible(first.path)}${last}: ${files}${formatNumberOf(records, 'record')}, ${formatBytes(bytes)}${left} (${source} to ${to})`;
}

/** Maximum number of skipped records that are listed with `--quiet`. */
const MAX_QUIETLY_LISTED = 10;

/** Reports each skipped record; with `--quiet`, the first ones. */
function skipReport(quiet: true | undefined): (error: RecordpipeError) => void {
  let listed = 0;
  return (error) => {
    if (!quiet || listed++ < MAX_QUIETLY_LISTED) complainAbout(error);
  };
}

const MAX_LOSSES = 20;

/** Reports what is lost: each column once. */
function lossReport(): (loss: TableLoss) => void {
  const reported = new Set<string>();
  return ({ column, row, what }) => {
    const key = JSON.stringify([column, what]);
    if (reported.has(key) || reported.size > MAX_LOSSES) return;
    reported.add(key);
    if (reported.size > MAX_LOSSES) {
      complain(`recordpipe: warning: dropped more than these ${MAX_LOSSES}; the others are not listed`);
      return;
    }
    const first = row === undefined ? '' : ` (first in row ${row})`;
    complain(
      `recordpipe: warning: dropped from ${visible(JSON.stringify(column))}: ${visible(what)}${first}`,
    );
  };
}

async function schemaIn(path: string): Promise<ConvertTableOptions['schema']> {
  const { readTableSchema } = await import('recordpipe/columns');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw new RecordpipeError('io-failure', error.message, { uri: path }, error);
    const text = 'no such schema file; to write one, run recordpipe schema';
    throw new RecordpipeError('not-found', text, { uri: path }, error);
  });
  return readTableSchema(text, path);
}
