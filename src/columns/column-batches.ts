import { checkAborted } from '../bytes/abortable.ts';
import type { RecordpipeError } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';
import { type RecordRun, rowsOf, sliceRuns, validRows } from '../messages/record-run.ts';

/** Converts records to a batch of columns. */
export interface RunDecoder<Batch> {
  /**
   * Converts the records of several batches to one.
   *
   * @param firstRow number of the first row in the source
   * @throws RecordpipeError for a record that it cannot convert
   */
  decodeRuns(runs: readonly RecordRun[], firstRow: number): Batch;
  /** Row of the last batch for which an error was thrown; -1 if it concerns no row. */
  readonly failedRow: number;
}

/** A batch of records and its source. It must stay valid until the next column batch. */
export interface SourceBatch {
  /** The rows. */
  readonly batch: RecordBatch;
  /** Where the first row is. */
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
  /** Aborts the operation. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Converts batches of records to batches of columns, each of which has rows of several batches or
 * of a part of one.
 *
 * @throws RecordpipeError the errors of the source and the decoder, after all valid rows before them
 */
export async function* columnBatches<Batch>(
  source: AsyncIterable<SourceBatch>,
  decoder: RunDecoder<Batch>,
  { batchRows, batchBytes, onSkipped, signal }: ColumnBatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let runs: RecordRun[] = [];
  let firstRow = 0;
  let rows = 0;
  let bytes = 0;
  const take = (): Generator<Batch> => {
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
function* decodedRuns<Batch>(
  decoder: RunDecoder<Batch>,
  given: readonly RecordRun[],
  firstRow: number,
  onSkipped: ColumnBatchOptions['onSkipped'],
): Generator<Batch, void, undefined> {
  let runs = given;
  let row = firstRow;
  while (runs.length > 0) {
    const all = runs;
    const start = row;
    const { batch, rows, failure } = validRows(
      rowsOf(all),
      (count) => decoder.decodeRuns(sliceRuns(all, 0, count), start),
      () => decoder.failedRow,
    );
    if (rows > 0) yield batch;
    if (failure === undefined) return;
    if (onSkipped === undefined) throw failure;
    onSkipped(failure);
    runs = sliceRuns(runs, rows + 1, Number.POSITIVE_INFINITY);
    row += rows + 1;
  }
}
