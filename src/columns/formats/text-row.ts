import type { ColumnType } from '../../messages/columns/column-schema.ts';
import type { TableReadOptions, TableSource } from './table-format.ts';

/** A row of a text format: its values by column name. A missing value is null. */
export interface TextRow {
  readonly values: Readonly<Record<string, unknown>>;
  /** Number of the row in the file. */
  readonly row: number;
  /** Position of its first byte, if it is known. */
  readonly offset: number | undefined;
  /** Size of its text in bytes. */
  readonly bytes: number;
}

/** A format whose rows are text. */
export interface TextRowFormat {
  /**
   * Yields the rows in groups, from the start.
   *
   * @param onNames called with the names of the columns, if they precede the rows
   */
  rows(
    source: TableSource,
    options: TableReadOptions,
    onNames?: (names: readonly string[]) => void,
  ): AsyncIterable<readonly TextRow[]>;
  /** Returns the value for a column of a type, in the form of JSON. */
  valueOf(value: unknown, type: ColumnType): unknown;
  /** Returns null, or a JSON value of the same kind, if the type of its column is unknown. */
  guess(value: unknown): unknown;
  /** Whether a column that has both numbers and text is a column of text. */
  readonly textWins: boolean;
}
