import { checkOptionNames } from '../../bytes/arguments.ts';
import { MAX_MESSAGE_BYTES } from '../../bytes/wire/lengths.ts';
import { type ErrorPlace, isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import { checkColumnBatch } from './check-column-batch.ts';
import { checkColumnSchema } from './check-column-schema.ts';
import type { ColumnBatch } from './column-batch.ts';
import type { ColumnSchema } from './column-schema.ts';
import type { RowError, RowPart } from './encode-parts.ts';
import { tooLarge } from './encode-values.ts';
import { messageParts } from './message-parts.ts';

/** Options of {@link ColumnEncoder}. */
export interface ColumnEncoderOptions {
  /** Name of the table, for errors. */
  readonly uri: string | undefined;
  /**
   * Called for a row that no record can represent, which is then skipped. Without it, the error
   * ends the records, after those of all earlier rows. It may throw to end them.
   */
  readonly onSkipped: ((error: RecordpipeError) => void) | undefined;
}

/** Size of the memory for records that are encoded at a time. A larger record gets its own. */
const BLOCK_BYTES = 256 * 1024;
const MAX_BLOCK_ROWS = 256;

/**
 * Encodes the rows of column batches as records: tf.train.Examples, SequenceExamples or
 * aialgs.data.Records, as the schema states. The bytes are those of `encodeExample` with
 * `deterministic: true` (and of `encodeSequenceExample` and `encodeSageMakerRecord`), so that
 * records in that encoding are restored exactly.
 *
 * Columns are written one after the other into the memory of many records, without an object per
 * row or value.
 *
 * @example
 * ```ts
 * import { ColumnEncoder, type ColumnBatch, type ColumnSchema } from 'recordpipe/columns';
 * const schema: ColumnSchema = {
 *   recordpipeColumns: 1,
 *   message: 'Example',
 *   fields: [{ name: 'label', type: { type: 'int64' }, nullable: false, part: 'feature', of: 'label' }],
 * };
 * const labels = { type: 'int64' as const, length: 2, values: BigInt64Array.of(3n, 5n) };
 * const batch: ColumnBatch = { schema, rows: 2, firstRow: 0, columns: [labels] };
 * const sizes = [];
 * for (const records of new ColumnEncoder(schema).encode(batch))
 *   for (const record of records) sizes.push(record.length);
 * console.log(sizes); // [ 18, 18 ]
 * ```
 */
export class ColumnEncoder {
  /** The columns. */
  readonly schema: ColumnSchema;
  readonly #place: ErrorPlace;
  readonly #onSkipped: ColumnEncoderOptions['onSkipped'];
  readonly #parts: readonly RowPart[];
  #firstRow = 0;
  #bytes: Uint8Array = new Uint8Array(BLOCK_BYTES);
  /** Position and size of each record of a block, as in a RecordBatch. */
  readonly #index = new Uint32Array(2 * MAX_BLOCK_ROWS);
  /** Position at which the next part of each record is written. */
  readonly #at = new Int32Array(MAX_BLOCK_ROWS);

  /**
   * Creates an encoder for batches of a schema.
   * @throws RecordpipeError `schema-mismatch` for a schema that does not describe records
   */
  constructor(schema: ColumnSchema, options: Partial<ColumnEncoderOptions> = {}) {
    checkOptionNames('ColumnEncoder', options, { uri: 0, onSkipped: 0 });
    this.#place = { uri: options.uri };
    this.#onSkipped = options.onSkipped;
    this.schema = checkColumnSchema(schema, this.#place);
    this.#parts = messageParts(this.schema, (what) => this.#errorOf(what));
  }

  /**
   * Yields the records of all rows of a batch, in order, in batches of about 256 KiB. The memory of
   * a batch is reused for the next one, also by later calls.
   *
   * @throws RecordpipeError `schema-mismatch` for a batch that does not match the schema;
   *   `unrepresentable` for a value that a record cannot contain (a null in a list, a 64-bit float
   *   that is not a 32-bit float, an integer of 2^63 or more); `record-too-large` for a record of
   *   2 GiB or more. The errors name the feature and the record, and all records before it have been
   *   yielded.
   */
  *encode(batch: ColumnBatch): Generator<RecordBatch, void, undefined> {
    checkColumnBatch(batch, this.schema, this.#place);
    this.#firstRow = batch.firstRow;
    for (const part of this.#parts) part.bind(batch);
    let rows = MAX_BLOCK_ROWS;
    for (let first = 0; first < batch.rows; ) {
      const count = Math.min(rows, batch.rows - first);
      let fitting: number;
      try {
        for (const part of this.#parts) part.measure(first, count);
        fitting = this.#layOut(first, count);
      } catch (error) {
        // Columns are measured one after another, so another column may fail in an earlier row.
        if (!isRecordpipeError(error)) throw error;
        rows = error.record! - batch.firstRow - first;
        if (rows > 0) continue;
        if (this.#onSkipped === undefined) throw error;
        this.#onSkipped(error);
        first++;
        rows = MAX_BLOCK_ROWS;
        continue;
      }
      for (const part of this.#parts) part.write(this.#bytes, this.#at, fitting);
      this.#checkWritten(first, fitting);
      yield new RecordBatch(this.#bytes, this.#index, fitting, batch.firstRow + first, 0, 0);
      first += fitting;
      // Rows that do not fit are measured again, so the next block has about as many as fit.
      rows = fitting < count ? fitting : Math.min(MAX_BLOCK_ROWS, 2 * rows);
    }
  }

  /**
   * Places the measured rows in the memory, one after the other. Returns how many fit, which is at
   * least one.
   */
  #layOut(first: number, count: number): number {
    let at = 0;
    for (let i = 0; i < count; i++) {
      let size = 0;
      for (const { sizes } of this.#parts) if (sizes[i] > 0) size += sizes[i];
      if (at + size > this.#bytes.length) {
        if (i > 0) return i;
        if (size > MAX_MESSAGE_BYTES) throw tooLarge(first, size, this.#errorOf('record'));
        this.#bytes = new Uint8Array(size);
      }
      this.#index[2 * i] = at;
      this.#index[2 * i + 1] = size;
      this.#at[i] = at;
      at += size;
    }
    return count;
  }

  /** Checks that every record has its measured size, which a change of the batch would break. */
  #checkWritten(first: number, count: number): void {
    for (let i = 0; i < count; i++)
      if (this.#at[i] !== this.#index[2 * i] + this.#index[2 * i + 1])
        throw this.#errorOf('record')('unrepresentable', first + i, 'the batch changed while it was encoded');
  }

  #errorOf(what: string): RowError {
    return (code, row, problem) =>
      new RecordpipeError(code, `${what}: ${problem}`, { ...this.#place, record: this.#firstRow + row });
  }
}
