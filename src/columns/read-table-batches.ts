import { checkFileNames, type FileNames, filesNamed } from '../dataset/file-names.ts';
import { checkCount } from '../dataset/operator-options.ts';
import type { DatasetRecordOptions } from '../dataset/record-files.ts';
import { DATA_ERROR_CODES, isRecordpipeError, type RecordpipeError, UsageError } from '../errors.ts';
import type { ColumnBatch } from '../messages/columns/column-batch.ts';
import { ColumnDecoder, type ColumnDecoderOptions } from '../messages/columns/column-decoder.ts';
import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import { filesInTurn } from '../records/files-in-turn.ts';
import type { InputOptions } from '../records/inputs/input-options.ts';
import { openOne, readRecordBatches } from '../records/read-records.ts';
import { type ColumnBatchOptions, columnBatches, type SourceBatch } from './column-batches.ts';
import { filteredBatches } from './filtered-batches.ts';

/** Options of {@link readTableBatches}. Every field has a default. */
export interface ReadTableOptions
  extends DatasetRecordOptions,
    Partial<InputOptions>,
    Partial<ColumnDecoderOptions>,
    Partial<ColumnBatchOptions> {
  /**
   * Names of the columns to read, in this order. Default: all of the schema. With this option, the
   * default of `unlisted` is `ignore`.
   */
  readonly columns?: readonly string[] | undefined;
  /** Expression that selects records: see `compileFilter`. Default: all records. */
  readonly where?: string | undefined;
}

/** Maximum number of rows of a batch by default. */
const BATCH_ROWS = 16_384;
/** Number of bytes of records from which a batch is complete by default. */
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Reads record files as batches of columns, one file after another. A batch ends after `batchRows`
 * rows (default 16,384) or `batchBytes` bytes of records (default 8 MiB) and may contain rows of
 * several files.
 *
 * @param files paths, folders, globs, `@list`s, `-` and `s3://` addresses, as for `Dataset.records`
 * @throws RecordpipeError while iterating: the errors of `Dataset.records`, and `schema-mismatch` or
 *   `malformed-example` for a record that the columns cannot represent, after all earlier rows
 * @throws UsageError for an invalid option or schema
 */
export function readTableBatches(
  files: FileNames,
  schema: ColumnSchema,
  options: ReadTableOptions = {},
): AsyncGenerator<ColumnBatch, void, undefined> {
  const { columns, where, batchRows = BATCH_ROWS, batchBytes = BATCH_BYTES, ...more } = options;
  const { onSkipped, signal, ...rest } = more;
  const { unlisted = columns === undefined ? 'error' : 'ignore', ...reading } = rest;
  checkCount('readTableBatches: batchRows', batchRows, 1);
  checkCount('readTableBatches: batchBytes', batchBytes, 1);
  const chosen = columns === undefined ? schema : chooseColumns(schema, columns);
  const decoder = new ColumnDecoder(chosen, { unlisted });
  const all = sourceBatches(files, { ...reading, signal });
  const source = where === undefined ? all : selectedBatches(all, where, onSkipped);
  return columnBatches(source, decoder, { batchRows, batchBytes, onSkipped, signal });
}

async function* selectedBatches(
  source: AsyncIterable<SourceBatch>,
  where: string,
  onSkipped: ColumnBatchOptions['onSkipped'],
): AsyncGenerator<SourceBatch, void, undefined> {
  const { compileFilter } = await import('../messages/filter/index.ts');
  yield* filteredBatches(source, await compileFilter(where), onSkipped);
}

/**
 * Returns the schema of some columns, in the given order.
 *
 * @throws UsageError for a name that the schema does not have
 */
export function chooseColumns(schema: ColumnSchema, names: readonly string[]): ColumnSchema {
  const byName = new Map(schema.fields.map((field) => [field.name, field]));
  const fields = names.map((name) => {
    const field = byName.get(name);
    if (field !== undefined) return field;
    throw new UsageError(
      `columns: expected names of columns (${[...byName.keys()].join(', ')}), got ${JSON.stringify(name)}`,
    );
  });
  return { ...schema, fields };
}

/** Options of {@link sourceBatches}. */
export interface SourceOptions extends DatasetRecordOptions, Partial<InputOptions> {
  /** Aborts the operation. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Called for damage after which nothing of a file is readable, such as a truncated record. Reading
 * continues with the next file. If undefined, the damage is an error.
 */
type OnUnreadable = ((error: RecordpipeError) => void) | undefined;

/** Reads the records of files, with the source of each batch. @throws UsageError for invalid options */
export function sourceBatches(files: FileNames, options: SourceOptions = {}): AsyncIterable<SourceBatch> {
  return readableBatches(files, options, undefined);
}

/** Reads the records of files, as `sourceBatches` does, but may continue after unreadable data. */
export function readableBatches(
  files: FileNames,
  options: SourceOptions,
  onUnreadable: OnUnreadable,
): AsyncIterable<SourceBatch> {
  const { include, exclude, strictShards, onNotice, ...reading } = options;
  checkFileNames(files);
  readRecordBatches(new Uint8Array(0), reading); // Check the options without reading anything.
  const naming = {
    include,
    exclude,
    strictShards,
    onNotice,
    format: reading.format,
    objects: reading.objects,
  };
  return batchesOf(files, naming, reading, onUnreadable);
}

async function* batchesOf(
  files: FileNames,
  naming: Parameters<typeof filesNamed>[1],
  reading: SourceOptions,
  onUnreadable: OnUnreadable,
): AsyncGenerator<SourceBatch, void, undefined> {
  const list = (signal: AbortSignal): ReturnType<typeof filesNamed> =>
    filesNamed(files, { ...naming, signal });
  for await (const source of filesInTurn(list, reading)) yield* batchesOfOne(source, reading, onUnreadable);
}

/** Reads the records of one source. */
export async function* batchesOfOne(
  source: Parameters<typeof openOne>[0],
  reading: Parameters<typeof openOne>[1],
  onUnreadable: OnUnreadable,
): AsyncGenerator<SourceBatch, void, undefined> {
  const { uri, compression, batches } = await openOne(source, reading);
  const place = { uri, compressed: compression !== 'none' };
  try {
    for await (const batch of batches) yield { batch, place };
  } catch (error) {
    if (onUnreadable === undefined || !isRecordpipeError(error) || !DATA_ERROR_CODES.has(error.code))
      throw error;
    onUnreadable(error);
  }
}
