import { checkOptionNames, checkPath } from '../bytes/arguments.ts';
import { isRecordpipeError, type RecordpipeError, UsageError } from '../errors.ts';
import { isRereadable } from '../storage/inspect.ts';
import { kindOfName } from '../transform/file-formats.ts';
import { refuseSameFile } from '../transform/record-output.ts';
import { selectedRecords } from '../transform/selected-records.ts';
import type {
  ConvertFormat,
  ConvertInputs,
  ConvertTableOptions,
  ConvertTableResult,
} from './convert-options.ts';
import { RowOutputs } from './convert-outputs.ts';
import { namesOf, openRecordRows } from './convert-source.ts';
import { openTableRows } from './convert-table-source.ts';
import { isTableFormat, TABLE_EXTENSIONS, tableFormatOfName } from './formats/registry.ts';
import { isWrongGuess } from './guess-columns.ts';
import { SkippedRecords } from './skipped-records.ts';

/** Default options. */
export const DEFAULT_CONVERT_TABLE_OPTIONS: ConvertTableOptions = Object.freeze({
  from: 'auto',
  to: undefined,
  schema: undefined,
  inferRecords: undefined,
  skipRecords: 0,
  maxRecords: undefined,
  batchRows: undefined,
  where: undefined,
  jobs: undefined,
  columns: undefined,
  rowsPerFile: undefined,
  lossy: false,
  onLoss: undefined,
  skipErrors: 0,
  onSkipped: undefined,
  read: Object.freeze({}),
  write: Object.freeze({}),
  rowGroupRows: undefined,
  compression: undefined,
  overwrite: false,
  objects: undefined,
  onProgress: undefined,
  signal: undefined,
  include: undefined,
  exclude: undefined,
  strictShards: false,
  onNotice: undefined,
});

/**
 * Converts record files to a table (Parquet, Arrow, CSV, JSON Lines), a table to a record file, or a
 * table to a different format. Rows keep the order of the inputs. Memory is limited for inputs of any
 * size.
 *
 * Outputs appear when the conversion is complete; an error leaves none. A table from Parquet or
 * Arrow with recordpipe's schema restores records exactly, in deterministic encoding. CSV and JSON
 * Lines do so with the same `schema`.
 *
 * @param inputs files, folders, patterns, `@list`s, `s3://` addresses, `-`, or a source of bytes
 * @param output a path, an `s3://` address, or `-` for standard output
 * @throws RecordpipeError the errors of reading the inputs; `schema-mismatch` for records that the
 *   columns cannot represent; `unrepresentable` for values that the output cannot represent;
 *   `malformed-table`; `missing-package`; `already-exists`, `not-found`, `access-denied`,
 *   `io-failure` for the output; `unsupported-source` if the output is an input; `aborted`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { convertTable } from 'recordpipe/columns';
 * import { encodeExample } from 'recordpipe/messages';
 * const file = encodeTFRecord(encodeExample({ label: { kind: 'int64', value: [3] } }));
 * const { records } = await convertTable([file], 'labels.jsonl', { inferRecords: 1000, overwrite: true });
 * console.log(records); // 1
 * ```
 */
export async function convertTable(
  inputs: ConvertInputs,
  output: string,
  given: Partial<ConvertTableOptions> = {},
): Promise<ConvertTableResult> {
  checkPath('output', output);
  const options = completeOptions(given);
  const { from, to } = convertFormats(inputs, output, options);
  if (!isTableFormat(from) && !isTableFormat(to))
    throw new UsageError(
      `to: expected a table format (${TABLES}), because the inputs are record files, got ${to}`,
    );
  if (isTableFormat(from) && (options.skipRecords > 0 || options.maxRecords !== undefined))
    throw new UsageError(`skipRecords, maxRecords: apply only to record files, got ${from}`);
  if (isTableFormat(from) && options.where !== undefined)
    throw new UsageError(`where: expected record files as inputs, got a table (${from})`);
  if (options.rowsPerFile !== undefined && output === '-')
    throw new UsageError('rowsPerFile: requires a name for the outputs, got standard output (-)');
  for (const name of namesOf(inputs) ?? []) refuseSameFile([name], output);
  if (!isTableFormat(from) && mayGuess(inputs, output, options)) {
    try {
      return await convertOnce(inputs, output, { ...options, from, to }, true);
    } catch (error) {
      if (!isWrongGuess(error)) throw error;
      // The first attempt has reported them.
      return convertOnce(inputs, output, { ...options, from, to, onNotice: undefined });
    }
  }
  return convertOnce(inputs, output, { ...options, from, to });
}

/**
 * Reports whether to try the columns of the first records first, which reads the inputs once instead
 * of twice. A wrong guess must be noticed, so every record is converted whole, and it must leave no
 * trace, so the output can be discarded.
 */
function mayGuess(inputs: ConvertInputs, output: string, options: ConvertTableOptions): boolean {
  const { schema, inferRecords, where, columns, lossy, skipErrors, skipRecords, maxRecords } = options;
  if (schema !== undefined || inferRecords !== undefined || lossy || skipErrors > 0) return false;
  const isPart = where !== undefined || columns !== undefined || skipRecords > 0 || maxRecords !== undefined;
  // Standard output, pipes and devices are written in place.
  return !isPart && isRereadable(output) && namesOf(inputs)?.includes('-') === false;
}

async function convertOnce(
  inputs: ConvertInputs,
  output: string,
  options: ConvertTableOptions & { readonly to: ConvertFormat },
  guess = false,
): Promise<ConvertTableResult> {
  const { from, to, skipErrors, onSkipped } = options;
  const skipped = new SkippedRecords(skipErrors, onSkipped);
  const bad = skipped.skip;
  const rows = isTableFormat(from)
    ? await openTableRows(inputs, from, options, bad)
    : await openRecordRows(inputs, from, options, bad, guess);
  const { places } = rows;
  const skip = bad && ((error: RecordpipeError) => bad(places.located(error)));
  const outputs = new RowOutputs(output, { format: to, schema: rows.schema, options, skip });
  try {
    for await (const batch of rows.batches) await outputs.write(batch);
    const written = await outputs.close();
    const records = written.reduce((sum, file) => sum + file.records, 0);
    const { schema, filter } = rows;
    const selected = selectedRecords(filter, options);
    const { count, findings } = skipped;
    return { from, to, records, skipped: count, findings, outputs: written, schema, ...selected };
  } catch (error) {
    await outputs.abort();
    throw isRecordpipeError(error) ? places.located(error) : error;
  }
}

const TABLES = Object.keys(TABLE_EXTENSIONS).join(', ');

/** Returns the options with defaults applied. @throws UsageError for an invalid value */
export function completeOptions(given: Partial<ConvertTableOptions>): ConvertTableOptions {
  checkOptionNames('convertTable', given, DEFAULT_CONVERT_TABLE_OPTIONS);
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: ConvertTableOptions = { ...DEFAULT_CONVERT_TABLE_OPTIONS, ...Object.fromEntries(set) };
  for (const name of ['inferRecords', 'maxRecords', 'batchRows', 'rowsPerFile', 'rowGroupRows'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw new UsageError(`${name}: expected an integer >= 1, got ${String(value)}`);
  }
  if (!(Number.isSafeInteger(options.skipRecords) && options.skipRecords >= 0))
    throw new UsageError(`skipRecords: expected an integer >= 0, got ${String(options.skipRecords)}`);
  return options;
}

/**
 * Returns the formats of inputs and output: from the options, or otherwise from the names.
 *
 * @throws UsageError if the format of the output is unknown
 */
export function convertFormats(
  inputs: ConvertInputs,
  output: string,
  { from, to }: Pick<ConvertTableOptions, 'from' | 'to'>,
): { from: ConvertFormat | 'auto'; to: ConvertFormat } {
  const [name = ''] = namesOf(inputs) ?? [];
  const target = to ?? tableFormatOfName(output) ?? kindOfName(output).format;
  if (target === undefined || target === 'base64' || target === 'textline')
    throw new UsageError(
      `to: expected tfrecord, recordio or a table format (${TABLES}), got ${target ?? output}`,
    );
  return { from: from === 'auto' ? (tableFormatOfName(name) ?? 'auto') : from, to: target };
}
