import { type ErrorPlace, isRecordpipeError, type RecordpipeError } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';

/** Consecutive records of a batch, and where they come from. */
export interface RecordRun {
  /** The batch that contains the records. */
  readonly batch: RecordBatch;
  /** Index of the first record in the batch. */
  readonly from: number;
  /** Index after the last record. */
  readonly to: number;
  /** Source of the batch, for errors. */
  readonly place?: Pick<ErrorPlace, 'uri' | 'compressed'> | undefined;
}

/** Returns the number of records of runs. */
export function rowsOf(runs: readonly RecordRun[]): number {
  let rows = 0;
  for (const { from, to } of runs) rows += to - from;
  return rows;
}

/** Returns the source of one of the records of runs. */
export function placeOfRow(runs: readonly RecordRun[], row: number): ErrorPlace {
  let rest = row;
  for (const { batch, from, to, place } of runs) {
    if (rest < to - from)
      return { ...place, record: batch.firstRecord + from + rest, offset: batch.offset(from + rest) };
    rest -= to - from;
  }
  return {};
}

/** Calls `add` with the position of each record. */
export function eachRow(
  runs: readonly RecordRun[],
  add: (bytes: Uint8Array, start: number, end: number) => void,
): void {
  for (const { batch, from, to } of runs) {
    const { bytes, index } = batch;
    for (let i = from; i < to; i++) {
      const start = index[2 * i];
      add(bytes, start, start + index[2 * i + 1]);
    }
  }
}

/** Returns the records of runs from number `start` up to `end`. */
export function sliceRuns(runs: readonly RecordRun[], start: number, end: number): RecordRun[] {
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

/**
 * Decodes as many rows as come before the first record that cannot be decoded. Returns them, their
 * number, and the error of that record.
 *
 * @param rows number of rows to decode
 * @param decode decodes the first rows
 * @param failedRow returns the row for which `decode` has thrown an error, or -1
 */
export function validRows<Batch>(
  rows: number,
  decode: (rows: number) => Batch,
  failedRow: () => number,
): { batch: Batch; rows: number; failure: RecordpipeError | undefined } {
  let valid = rows;
  let failure: RecordpipeError | undefined;
  for (;;) {
    try {
      return { batch: decode(valid), rows: valid, failure };
    } catch (error) {
      // Columns are read one after another, so a later column may fail in an earlier record.
      if (!isRecordpipeError(error) || failedRow() < 0) throw error;
      failure = error;
      valid = failedRow();
    }
  }
}
