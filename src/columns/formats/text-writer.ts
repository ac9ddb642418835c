import { RecordpipeError } from '../../errors.ts';
import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import type { TableWriteOptions, TableWriter } from './table-format.ts';

/** Number of characters to encode and write at a time. */
const FLUSH_CHARACTERS = 256 * 1024;

/** Returns the text of a row of a batch. Rows that cannot be represented throw a {@link BadValue}. */
export type RowText = (row: number) => string;

/** A format that writes each row as text. */
export interface RowFormat {
  /** Text before the first row. */
  readonly head: string;
  /**
   * Prepares a batch.
   * @param lose called for a value that the format cannot represent
   */
  rows(batch: ColumnBatch, lose: Lose): RowText;
}

/** Reports a value of a row that the format cannot represent. Throws unless losses are allowed. */
export type Lose = (column: string, row: number, what: string) => void;

/** Why a row cannot be represented. */
class BadValue extends Error {}

/** Writes rows as text. */
export class TextWriter implements TableWriter {
  readonly #format: RowFormat;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #options: TableWriteOptions;
  #text: string;

  constructor(format: RowFormat, write: (bytes: Uint8Array) => Promise<void>, options: TableWriteOptions) {
    this.#format = format;
    this.#write = write;
    this.#options = options;
    this.#text = format.head;
  }

  async write(batch: ColumnBatch): Promise<void> {
    const { firstRow, rows } = batch;
    const textOf = this.#format.rows(batch, (column, row, what) => this.#lose(column, firstRow + row, what));
    for (let row = 0; row < rows; row++) {
      try {
        this.#text += textOf(row);
      } catch (error) {
        this.#reject(error, firstRow + row);
      }
      if (this.#text.length >= FLUSH_CHARACTERS) await this.#flush();
    }
  }

  async close(): Promise<void> {
    await this.#flush();
  }

  abort(): void {
    this.#text = '';
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    if (bytes.length > 0) await this.#write(bytes);
  }

  #lose(column: string, row: number, what: string): void {
    const { lossy = false, onLoss } = this.#options;
    if (!lossy) throw new BadValue(`feature ${JSON.stringify(column)}: ${what}`);
    onLoss?.({ column, row, what });
  }

  /** Skips a row, or throws an error for it. */
  #reject(error: unknown, record: number): void {
    const failure =
      error instanceof BadValue
        ? new RecordpipeError('unrepresentable', error.message, { record }, undefined)
        : tooLong(error, record);
    if (failure === undefined) throw error;
    const { onBadRow } = this.#options;
    if (onBadRow === undefined) throw failure;
    onBadRow(failure);
  }
}

/** Returns the error for a row that is longer than the longest string. */
function tooLong(error: unknown, record: number): RecordpipeError | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  const isTooLong =
    code === 'ERR_STRING_TOO_LONG' || (error instanceof RangeError && /string length/.test(error.message));
  if (!isTooLong) return undefined;
  return new RecordpipeError('record-too-large', 'the text of the row exceeds 512 MiB', { record }, error);
}
