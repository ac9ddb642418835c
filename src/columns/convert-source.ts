import type { ByteSource } from '../bytes/sources.ts';
import type { collectStats } from '../check/collect-stats.ts';
import { DatasetCounter } from '../check/stats/dataset-counter.ts';
import { type RecordpipeError, UsageError } from '../errors.ts';
import type { ColumnBatch } from '../messages/columns/column-batch.ts';
import { ColumnDecoder } from '../messages/columns/column-decoder.ts';
import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import type { RecordFilter } from '../messages/filter/record-filter.ts';
import { localSize } from '../storage/inspect.ts';
import { kindOfName } from '../transform/file-formats.ts';
import { filterOf } from '../transform/selected-records.ts';
import { columnBatches, type SourceBatch } from './column-batches.ts';
import type { ConvertFormat, ConvertInputs, ConvertTableOptions } from './convert-options.ts';
import { filteredBatches } from './filtered-batches.ts';
import { columnChoice } from './formats/column-choice.ts';
import { checkedGuess, GUESS, isConclusive, WrongGuess } from './guess-columns.ts';
import { columnSchemaOf, inferColumns } from './infer-columns.ts';
import { batchesOfOne, readableBatches } from './read-table-batches.ts';
import { recordRange } from './record-range.ts';
import { RowPlaces } from './row-places.ts';

/** Rows to convert. */
export interface RowSource {
  readonly schema: ColumnSchema;
  readonly batches: AsyncIterable<ColumnBatch>;
  /** Finds the record of a row that has been delivered. */
  readonly places: RowPlaces;
  /** Selects the records. Default: all. */
  readonly filter?: RecordFilter | undefined;
  /** Closes the inputs, if `batches` has not been read. */
  close(): Promise<void>;
}

/** Skips a record; undefined if a bad record is an error. */
export type Skip = ((error: RecordpipeError) => void) | undefined;

/** Maximum number of rows of a batch. */
const BATCH_ROWS = 16_384;
/** Number of bytes of records from which a batch is complete. */
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Opens record files as rows. Without a schema, infers it from all records or from the first.
 *
 * @param guess whether to use the columns of the first records until a record refutes them
 * @throws WrongGuess if the first records leave columns open; while iterating, for later records
 */
export async function openRecordRows(
  inputs: ConvertInputs,
  from: ConvertFormat | 'auto',
  options: ConvertTableOptions,
  skip: Skip,
  guess = false,
): Promise<RowSource> {
  const { inferRecords, columns, lossy, batchRows = BATCH_ROWS, signal, onProgress } = options;
  const filter = await filterOf(options);
  const totalBytes = totalOf(namesOf(inputs));
  const progress =
    onProgress && ((records: number, bytes: number) => onProgress({ records, bytes, totalBytes }));
  let records = recordBatches(inputs, from, options, skip);
  if (filter !== undefined) records = filteredBatches(records, filter, skip);
  let whole = options.schema;
  const limits = guess ? GUESS : inferRecords && { records: inferRecords, bytes: Number.POSITIVE_INFINITY };
  if (whole === undefined && limits) {
    const first = await firstBatches(records, limits);
    try {
      if (guess && !isConclusive(first.stats)) throw new WrongGuess();
      whole = columnSchemaOf(first.stats, dropping(options));
    } catch (error) {
      await first.close();
      throw error;
    }
    records = first.all;
  }
  whole ??= await inferredColumns(inputs, from, options);
  const isChosen = columnChoice(columns);
  const schema = { ...whole, fields: whole.fields.filter(({ name }) => isChosen(name)) };
  checkChosen(whole, schema, columns);
  const unlisted = columns === undefined && !lossy ? 'error' : 'ignore';
  const places = new RowPlaces();
  const batches = columnBatches(tracked(records, places, progress), new ColumnDecoder(schema, { unlisted }), {
    batchRows,
    batchBytes: BATCH_BYTES,
    onSkipped: skip,
    signal,
  });
  const checked = guess ? checkedGuess(batches) : batches;
  return { schema, batches: checked, places, filter, close: async () => void (await batches.return()) };
}

/** @throws UsageError for columns that do not exist */
export function checkChosen(
  all: ColumnSchema,
  chosen: ColumnSchema,
  columns: readonly string[] | undefined,
): void {
  const missing = columns?.find((column) => !all.fields.some(({ name }) => columnChoice([column])(name)));
  if (missing === undefined && chosen.fields.length > 0) return;
  if (columns === undefined) return;
  const names = all.fields.map(({ name }) => name);
  throw new UsageError(
    `columns: expected columns of the input (${names.join(', ')}), got ${JSON.stringify(missing)}`,
  );
}

/** Infers the columns from all records, which reads the inputs once. */
async function inferredColumns(
  inputs: ConvertInputs,
  from: ConvertFormat | 'auto',
  options: ConvertTableOptions,
): Promise<ColumnSchema> {
  const names = namesOf(inputs);
  if (names === undefined || names.includes('-'))
    throw new UsageError(
      'schema: required for an input that can be read only once, unless inferRecords is set',
    );
  const { include, exclude, strictShards, objects, signal, skipErrors, onProgress, jobs, where } = options;
  const { compression, maxRecordBytes, onTruncated, trailing, payloadCrc, multipart } = options.read;
  const reading = { compression, maxRecordBytes, onTruncated, trailing, payloadCrc, multipart };
  const given = Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined));
  return inferColumns(names, {
    ...given,
    format: from as 'auto',
    ...(skipErrors > 0 && { recover: 'scan' }),
    where,
    include,
    exclude,
    strictShards,
    objects,
    signal,
    jobs,
    onProgress: onProgress && (({ bytes, totalBytes }) => onProgress({ records: 0, bytes, totalBytes })),
    ...dropping(options),
  } as Parameters<typeof inferColumns>[1] & Parameters<typeof collectStats>[1]);
}

function dropping({ lossy, onLoss }: ConvertTableOptions): Parameters<typeof columnSchemaOf>[1] & object {
  return { lossy, onDropped: (column, what) => onLoss?.({ column, row: undefined, what }) };
}

/** Returns inputs that are files as strings; undefined for any other source of bytes. */
export function namesOf(inputs: ConvertInputs): string[] | undefined {
  const list = Array.isArray(inputs) ? (inputs as readonly unknown[]) : [inputs];
  const isName = (one: unknown): one is string | URL => typeof one === 'string' || one instanceof URL;
  return list.length > 0 && list.every(isName) ? list.map(String) : undefined;
}

/** Returns the size of all inputs; undefined if it is unknown or they are compressed. */
function totalOf(names: readonly string[] | undefined): number | undefined {
  let total = 0;
  for (const name of names ?? ['-']) {
    const size = name === '-' || kindOfName(name).compression !== 'none' ? undefined : localSize(name);
    if (size === undefined) return undefined;
    total += size;
  }
  return total;
}

/** Yields the batches of records of the inputs, in order. */
function recordBatches(
  inputs: ConvertInputs,
  format: ConvertFormat | 'auto',
  options: ConvertTableOptions,
  skip: Skip,
): AsyncIterable<SourceBatch> {
  const { include, exclude, strictShards, onNotice, objects, skipRecords, maxRecords, signal } = options;
  const skipping = skip === undefined ? {} : { recover: 'scan' as const, onCorrupt: skip };
  const { uri, ...read } = options.read;
  const reading = { ...read, ...skipping, format: format as 'auto', objects, signal };
  const names = namesOf(inputs);
  const all =
    names === undefined
      ? batchesOfOne(inputs as ByteSource, { ...reading, uri }, skip)
      : readableBatches(names, { ...reading, include, exclude, strictShards, onNotice }, skip);
  return skipRecords === 0 && maxRecords === undefined ? all : recordRange(all, skipRecords, maxRecords);
}

/** Counts the first records. Returns their statistics, and all batches including the first. */
async function firstBatches(
  batches: AsyncIterable<SourceBatch>,
  limits: typeof GUESS,
): Promise<{
  stats: ReturnType<DatasetCounter['stats']>;
  all: AsyncIterable<SourceBatch>;
  close(): Promise<void>;
}> {
  const iterator = batches[Symbol.asyncIterator]();
  const kept: SourceBatch[] = [];
  const counter = new DatasetCounter({ samples: false });
  let uri: string | undefined;
  let bytes = 0;
  for (let count = 0; count < limits.records && bytes < limits.bytes; ) {
    const { done, value } = await iterator.next();
    if (done) break;
    const { batch, place } = value;
    if (kept.length === 0 || place?.uri !== uri) counter.begin(place?.uri ?? '');
    uri = place?.uri;
    for (let i = 0; i < batch.length && count < limits.records; i++, count++) {
      counter.addRecord(batch, i);
      bytes += batch.index[2 * i + 1];
    }
    kept.push(value);
  }
  async function* all(): AsyncGenerator<SourceBatch> {
    try {
      for (let next = kept.shift(); next !== undefined; next = kept.shift()) yield next;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { stats: counter.stats(), all: all(), close: async () => void (await iterator.return?.()) };
}

/** Notes where the records come from, and reports the progress. */
async function* tracked(
  batches: AsyncIterable<SourceBatch>,
  places: RowPlaces,
  onProgress: ((records: number, bytes: number) => void) | undefined,
): AsyncGenerator<SourceBatch> {
  let row = 0;
  let bytes = 0;
  for await (const source of batches) {
    const { batch, place } = source;
    places.add(row, place?.uri, batch.firstRecord);
    yield source;
    row += batch.length;
    for (let i = 0; i < batch.length; i++) bytes += batch.index[2 * i + 1];
    onProgress?.(row, bytes);
  }
}
