import { type ErrorPlace, RecordpipeError, sentenceOf } from '../errors.ts';

/** Maximum number of runs, most of which are of rows that have been written. */
const MAX_RUNS = 2 ** 18;

/** Finds the record of a row, if the rows come from several files or records were skipped. */
export class RowPlaces {
  /** First rows of runs of consecutive records. */
  #runs: { readonly row: number; readonly uri: string | undefined; readonly record: number }[] = [];

  /** Notes that a row is a record, and the following rows are the following records. */
  add(row: number, uri: string | undefined, record: number): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && last.uri === uri && last.record + row - last.row === record) return;
    this.#runs.push({ row, uri, record });
    // A filter may select every other record.
    if (this.#runs.length > MAX_RUNS) this.#runs = this.#runs.slice(MAX_RUNS / 2);
  }

  placeOf(row: number): ErrorPlace {
    let low = 0;
    for (let high = this.#runs.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (this.#runs[middle].row <= row) low = middle;
      else high = middle;
    }
    const run = this.#runs[low];
    if (run !== undefined && run.row > row) return {};
    return run === undefined ? { record: row } : { uri: run.uri, record: run.record + row - run.row };
  }

  /** Returns an error about a row as an error about its record. */
  located(error: RecordpipeError): RecordpipeError {
    if (error.record === undefined || error.uri !== undefined) return error;
    return new RecordpipeError(error.code, sentenceOf(error), this.placeOf(error.record), error.cause);
  }
}
