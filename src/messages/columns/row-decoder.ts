import type { ErrorPlace } from '../../errors.ts';
import type { ColumnVector } from './column-batch.ts';

/** Converts records of one message type to vectors, batch by batch. */
export interface RowDecoder {
  /**
   * Starts a batch.
   *
   * @param rows maximum number of records
   * @param placeOf returns the source of a record, for errors
   */
  begin(rows: number, placeOf: (row: number) => ErrorPlace): void;
  /**
   * Adds the record at [start, end) of `bytes`, which must not change until the batch is finished.
   *
   * @throws RecordpipeError `malformed-example`, `schema-mismatch`
   */
  add(bytes: Uint8Array, start: number, end: number): void;
  /**
   * Returns a vector for each field of the schema.
   *
   * @throws RecordpipeError `malformed-example`, `schema-mismatch`
   */
  finish(): ColumnVector[];
  /** Releases the records. */
  close(): void;
}
