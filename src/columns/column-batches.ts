import { checkAborted } from '../bytes/abortable.ts';
import { isRecordpipeError, type RecordpipeError } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';
import type { ColumnBatch } from '../messages/columns/column-batch.ts';
import type { ColumnDecoder, RecordRun } from '../messages/columns/column-decoder.ts';

/** A batch of records and its source. It must stay valid until the next column batch. */
export interface SourceBatch {
  readonly batch: RecordBatch;
  readonly place?: RecordRun['place'];
}

/** Limits of column batches, and what to do about records that columns cannot represent. */
export interface ColumnBatchOptions {
  /** Maximum number of rows of a batch. */
  readonly batchRows: number;
  /** Number of bytes of records from which a batch is complete. */
  readonly batchBytes: number;
  /**
   * Called for a record that the decoder cannot convert, which is then skipped. Without it, the
   * error ends the batches, after those of all earlier records. It may throw to end them.
   */
  readonly onSkipped?: ((error: RecordpipeError) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Converts batches of records to batches of columns, each of which has rows of several batches or
 * of a part of one.
 *
 * @throws RecordpipeError the errors of the source and the decoder, after all valid rows before them
 */
export async function* columnBatches(
  source: AsyncIterable<SourceBatch>,
  decoder: ColumnDecoder,
  { batchRows, batchBytes, onSkipped, signal }: ColumnBatchOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let runs: RecordRun[] = [];
  let firstRow = 0;
  let rows = 0;
  let bytes = 0;
  const take = (): Generator<ColumnBatch> => {
    const taken = decodedRuns(decoder, runs, firstRow, onSkipped);
    firstRow += rows;
    runs = [];
    rows = bytes = 0;
    return taken;
  };
  try {
    for (;;) {
      let step: IteratorResult<SourceBatch>;
      try {
        step = await iterator.next();
      } catch (error) {
        if (!signal?.aborted) yield* take();
        throw error;
      }
      if (step.done) break;
      const { batch, place } = step.value;
      const { length, index } = batch;
      let from = 0;
      for (let i = 0; i < length; i++) {
        rows++;
        bytes += index[2 * i + 1];
        if (rows < batchRows && bytes < batchBytes) continue;
        runs.push({ batch, from, to: i + 1, place });
        from = i + 1;
        yield* take();
        checkAborted(signal);
      }
      if (from < length) runs.push({ batch, from, to: length, place });
    }
    yield* take();
  } finally {
    await iterator.return?.();
  }
}

/** Converts records to one batch, or to several with skipped records between them. */
function* decodedRuns(
  decoder: ColumnDecoder,
  given: readonly RecordRun[],
  firstRow: number,
  onSkipped: ColumnBatchOptions['onSkipped'],
): Generator<ColumnBatch, void, undefined> {
  let runs = given;
  let row = firstRow;
  while (runs.length > 0) {
    const { batch, failure } = validRows(decoder, runs, row);
    if (batch.rows > 0) yield batch;
    if (failure === undefined) return;
    if (onSkipped === undefined) throw failure;
    onSkipped(failure);
    runs = slice(runs, batch.rows + 1, Number.POSITIVE_INFINITY);
    row += batch.rows + 1;
  }
}

/** Returns the rows before the first record that the decoder cannot convert, and its error. */
function validRows(
  decoder: ColumnDecoder,
  given: readonly RecordRun[],
  firstRow: number,
): { batch: ColumnBatch; failure: RecordpipeError | undefined } {
  let runs = given;
  let failure: RecordpipeError | undefined;
  for (;;) {
    try {
      return { batch: decoder.decodeRuns(runs, firstRow), failure };
    } catch (error) {
      // Columns are read one after another, so a later column may fail in an earlier record.
      if (!isRecordpipeError(error) || decoder.failedRow < 0) throw error;
      failure = error;
      runs = slice(runs, 0, decoder.failedRow);
    }
  }
}

/** Returns the records from number `start` up to `end`. */
function slice(runs: readonly RecordRun[], start: number, end: number): RecordRun[] {
  const kept: RecordRun[] = [];
  let first = 0;
  for (const run of runs) {
    const from = run.from + Math.max(0, start - first);
    const to = Math.min(run.to, run.from + end - first);
    if (from < to) kept.push({ ...run, from, to });
    first += run.to - run.from;
  }
  return kept;
}
