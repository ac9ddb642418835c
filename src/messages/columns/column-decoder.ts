import { checkOptionNames } from '../../bytes/arguments.ts';
import { type ErrorPlace, UsageError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import { checkRecord } from '../example/decode-options.ts';
import { eachRow, placeOfRow, type RecordRun, rowsOf } from '../record-run.ts';
import type { ColumnBatch } from './column-batch.ts';
import type { ColumnSchema } from './column-schema.ts';
import { ExampleRows } from './example-rows.ts';
import { RecordRows } from './record-rows.ts';
import type { RowDecoder } from './row-decoder.ts';

/** Options of a {@link ColumnDecoder}. */
export interface ColumnDecoderOptions {
  /**
   * How to treat parts of a record that have no column: an `error` (default), so that nothing is
   * lost, or `ignore`.
   */
  readonly unlisted: 'error' | 'ignore';
}

/**
 * Converts records to columns, batch by batch. Each column is one contiguous array that the caller
 * owns.
 *
 * @example
 * ```ts
 * import { ColumnDecoder } from 'recordpipe/columns';
 * import { encodeExample } from 'recordpipe/messages';
 * const decoder = new ColumnDecoder({
 *   recordpipeColumns: 1,
 *   message: 'Example',
 *   fields: [{ name: 'label', type: { type: 'int64' }, nullable: true, part: 'feature', of: 'label' }],
 * });
 * const { rows, columns } = decoder.decode([encodeExample({ label: { kind: 'int64', value: [3] } }), encodeExample({})]);
 * console.log(rows, columns[0].type, columns[0].validity); // 2 int64 Uint8Array(1) [ 1 ]
 * ```
 */
export class ColumnDecoder {
  /** The columns. */
  readonly schema: ColumnSchema;
  readonly #rows: RowDecoder;
  #failedRow = -1;

  /** @throws UsageError for a schema whose columns do not exist in its type of records */
  constructor(schema: ColumnSchema, options: Partial<ColumnDecoderOptions> = {}) {
    checkOptionNames('ColumnDecoder', options, { unlisted: 0 });
    const { unlisted = 'error' } = options;
    if (unlisted !== 'error' && unlisted !== 'ignore')
      throw new UsageError(`unlisted: expected 'error' or 'ignore', got ${String(unlisted)}`);
    this.schema = schema;
    const exact = unlisted === 'error';
    this.#rows = schema.message === 'Record' ? new RecordRows(schema, exact) : new ExampleRows(schema, exact);
  }

  /**
   * Converts records.
   *
   * @param place source of the first record, for errors; a RecordBatch knows its own
   * @throws RecordpipeError `malformed-example` for a damaged record; `schema-mismatch` for a record
   *   that the columns cannot represent. Both name the record and the feature.
   */
  decode(records: readonly Uint8Array[] | RecordBatch, place: ErrorPlace = {}): ColumnBatch {
    if (records instanceof RecordBatch)
      return this.decodeRuns([{ batch: records, from: 0, to: records.length, place }], records.firstRecord);
    if (!Array.isArray(records))
      throw new UsageError(`records: expected an array of records or a RecordBatch, got ${typeof records}`);
    const first = place.record ?? 0;
    const list: readonly Uint8Array[] = records;
    const placeOf = (row: number): ErrorPlace => ({
      ...place,
      record: first + row,
      offset: row === 0 ? place.offset : undefined,
    });
    return this.#decode(list.length, first, placeOf, (rows) => {
      for (const record of list) {
        checkRecord(record);
        rows.add(record, 0, record.length);
      }
    });
  }

  /**
   * Converts the records of several batches to one.
   *
   * @param firstRow number of the first row in the source
   * @throws the same errors as {@link decode}
   */
  decodeRuns(runs: readonly RecordRun[], firstRow: number): ColumnBatch {
    const placeOf = (row: number): ErrorPlace => placeOfRow(runs, row);
    return this.#decode(rowsOf(runs), firstRow, placeOf, (rows) =>
      eachRow(runs, (bytes, start, end) => rows.add(bytes, start, end)),
    );
  }

  /** Row of the last batch for which `decode` has thrown an error; -1 if it concerns no row. */
  get failedRow(): number {
    return this.#failedRow;
  }

  #decode(
    rows: number,
    firstRow: number,
    placeOf: (row: number) => ErrorPlace,
    add: (rows: RowDecoder) => void,
  ): ColumnBatch {
    this.#failedRow = -1;
    try {
      this.#rows.begin(rows, (row) => {
        this.#failedRow = row;
        return placeOf(row);
      });
      add(this.#rows);
      return { schema: this.schema, rows, firstRow, columns: this.#rows.finish() };
    } finally {
      this.#rows.close();
    }
  }
}
