import type { Query, QueryFormat } from 'recordpipe/columns';
import { UsageError } from 'recordpipe/errors';
import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { interruption } from '../interrupt.ts';
import { inputSelection, inputsOf } from '../options/inputs.ts';
import { objectReadOptions, objectsOf } from '../options/objects.ts';
import { choice, defined, flag, grouped, parsed, size, type Values, value } from '../options/option.ts';
import { payloadOptions, readingOptions } from '../options/reading.ts';
import { OUTPUT_HEADING } from '../options/transform.ts';
import { binaryOnTerminal, complain, isGuarded, print, say } from '../output.ts';
import { formatBytes, formatNumberOf, visible } from '../text/format.ts';
import { tableLines } from '../text/terminal.ts';

const FORMATS = ['table', 'csv', 'json', 'jsonl', 'parquet'] as const;
type Format = (typeof FORMATS)[number];

const { format, compression, maxRecordSize, onTruncated, trailing, multipart } = readingOptions;

const OPTIONS = {
  memory: parsed(
    '--memory <size>',
    "DuckDB's memory limit; tables that do not fit are moved to temporary files (default: 1 GiB)",
    size,
  ),
  tempDir: value(
    '--temp-dir <dir>',
    "directory for temporary files (default: the system's temporary directory)",
  ),
  ...grouped(OUTPUT_HEADING, {
    output: value('-o, --output <file>', 'output file or s3://bucket/key (default: stdout)'),
    to: choice('--to <format>', 'output format (default: from the extension, otherwise table)', FORMATS),
    json: flag('--json', 'same as --to json'),
    force: flag('-f, --force', 'overwrite an existing --output'),
    binary: flag('--binary', 'allow binary output to a terminal'),
    quiet: flag('-q, --quiet', 'hide notices and the row count'),
  }),
  format,
  compression,
  maxRecordSize,
  onTruncated,
  trailing,
  multipart,
  payloadCrc: payloadOptions.payloadCrc,
  ...objectReadOptions,
  ...inputSelection,
};

export const register: Register = command({
  name: 'query',
  description: 'Run an SQL SELECT statement over record files with DuckDB.',
  arguments: {
    '<statement>':
      "a SELECT statement. Each table is a name in single quotes: record files ('FILE.tfrecord', 'DIR/', 'DIR/*.rec', 's3://bucket/prefix/' or '@list') or a local Parquet, CSV or JSON file",
  },
  options: OPTIONS,
  examples: `
recordpipe query "describe 'data/*.tfrecord'"
recordpipe query "select * from 'train.tfrecord' limit 5"
recordpipe query "select label, count(*) from 'data/' group by label"
recordpipe query "from 'a.rec' join 'names.csv' using (id)" -o joined.parquet`,
  notes: `query requires the package @duckdb/node-api (npm install @duckdb/node-api). Each feature is a column. If a feature has exactly one value in every record that contains the feature, the column contains single values; otherwise, the column contains lists. If a feature name contains characters other than letters, digits and _, enclose the name in double quotes: "image/encoded".

query reads the files twice: first to infer the columns, then to load only the columns that the statement uses. If a statement only lists columns and contains a LIMIT clause, query reads no more records than necessary. query runs only SELECT statements; a statement may also begin with WITH, FROM, DESCRIBE or SUMMARIZE. query does not load DuckDB extensions.

In csv, json and jsonl output, integers keep all their digits, and bytes are encoded as base64. table output shortens long values.`,
  action: query,
});

type Options = Values<typeof OPTIONS>;

async function query(statement: string, options: Options): Promise<number> {
  const { output = '-', json, force = false, memory, tempDir, quiet } = options;
  const { openQuery, queryFormatOf, writeQuery } = await import('recordpipe/columns');
  if (json && options.to !== undefined && options.to !== 'json')
    throw new UsageError(`query: pass only one of --json and --to ${options.to}`);
  const to: Format = options.to ?? (json ? 'json' : (queryFormatOf(output) ?? 'table'));
  if (to === 'table' && output !== '-')
    throw new UsageError(
      `query: expected an output that ends in .csv, .json, .jsonl or .parquet, or --to, got ${output}`,
    );
  if (isGuarded(options) && to === 'parquet' && output === '-')
    throw binaryOnTerminal('query: Parquet', '--to csv');
  const { format, compression, onTruncated, trailing, multipart, payloadCrc } = options;
  const objects = objectsOf(options);
  const signal = interruption();
  const query = await openQuery(
    statement,
    defined({
      ...inputsOf(options, quiet),
      format,
      compression,
      onTruncated,
      trailing,
      multipart,
      payloadCrc,
      maxRecordBytes: options.maxRecordSize,
      objects,
      memoryBytes: memory,
      tempDir,
      signal,
    }),
  );
  try {
    if (to === 'table') await printTable(query, quiet);
    else if (output === '-' && to !== 'parquet') for await (const text of query.text(to)) await print(text);
    else {
      const bytes = await writeQuery(query, output, {
        format: to as QueryFormat,
        overwrite: force,
        objects,
        signal,
      });
      if (output !== '-' && !quiet) complain(`${visible(output)}: ${formatBytes(bytes)}`);
    }
    return OK;
  } finally {
    query.close();
  }
}

/** Number of rows whose columns have the same widths. */
const BLOCK_ROWS = 1000;
const MAX_CELL_CHARACTERS = 60;
const NUMBERS = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;

async function printTable(query: Query, quiet: true | undefined): Promise<void> {
  const heads = query.columns.map(({ name, type }) =>
    NUMBERS.test(type) ? ` ${cellText(name)}` : cellText(name),
  );
  let rows: string[][] = [];
  let printed = 0;
  const flush = async (): Promise<void> => {
    const lines = tableLines(heads, rows);
    await say(`${(printed === 0 ? lines : lines.slice(1)).join('\n')}\n`);
    printed += rows.length;
    rows = [];
  };
  for await (const row of query.cells()) {
    rows.push(row.map((cell) => (cell === null ? 'NULL' : cellText(cell))));
    if (rows.length === BLOCK_ROWS) await flush();
  }
  if (rows.length > 0 || printed === 0) await flush();
  if (!quiet) complain(formatNumberOf(printed, 'row'));
}

function cellText(text: string): string {
  const shown = visible(text.slice(0, MAX_CELL_CHARACTERS + 1));
  return shown.length > MAX_CELL_CHARACTERS ? `${shown.slice(0, MAX_CELL_CHARACTERS)}…` : shown;
}
