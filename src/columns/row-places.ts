import { type ErrorPlace, RecordpipeError, sentenceOf } from '../errors.ts';

/** Finds the record of a row, if the rows come from several files or records were skipped. */
export class RowPlaces {
  /** First rows of runs of consecutive records. */
  readonly #runs: { readonly row: number; readonly uri: string | undefined; readonly record: number }[] = [];

  /** Notes that a row is a record, and the following rows are the following records. */
  add(row: number, uri: string | undefined, record: number): void {
    const last = this.#runs.at(-1);
    if (last === undefined || last.uri !== uri || last.record + row - last.row !== record)
      this.#runs.push({ row, uri, record });
  }

  placeOf(row: number): ErrorPlace {
    let low = 0;
    for (let high = this.#runs.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (this.#runs[middle].row <= row) low = middle;
      else high = middle;
    }
    const run = this.#runs[low];
    return run === undefined ? { record: row } : { uri: run.uri, record: run.record + row - run.row };
  }

  /** Returns an error about a row as an error about its record. */
  located(error: RecordpipeError): RecordpipeError {
    if (error.record === undefined || error.uri !== undefined) return error;
    return new RecordpipeError(error.code, sentenceOf(error), this.placeOf(error.record), error.cause);
  }
}
