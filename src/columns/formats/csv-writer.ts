import type { ColumnBatch, ColumnVector } from '../../messages/columns/column-batch.ts';
import type { ColumnSchema } from '../../messages/columns/column-schema.ts';
import { bytesText, isNull, numberText, type TextOf } from './text-values.ts';
import type { Lose, RowFormat, RowText } from './text-writer.ts';

/**
 * Rows of cells after a row of column names (RFC 4180). A null is an empty cell, and an empty text
 * is `""`. With `lossy`, columns of lists are dropped.
 */
export function csvRows(schema: ColumnSchema, lossy: boolean): RowFormat {
  const columns = schema.fields.flatMap(({ type }, i) => (lossy && type.type === 'list' ? [] : [i]));
  const head = `${columns.map((i) => quoted(schema.fields[i].name)).join()}\n`;
  return { head, rows: (batch, lose) => rowText(batch, columns, lose) };
}

function rowText({ schema, columns }: ColumnBatch, chosen: readonly number[], lose: Lose): RowText {
  let current = 0;
  const cells = chosen.map((i) => {
    const { name } = schema.fields[i];
    return { vector: columns[i], textOf: cellText(columns[i], (what) => lose(name, current, what)) };
  });
  return (row) => {
    current = row;
    let text = '';
    for (const { vector, textOf } of cells) text += isNull(vector, row) ? ',' : `${textOf(row)},`;
    return `${text.slice(0, -1)}\n`;
  };
}

/** Returns a function that writes the elements of a vector as cells. */
function cellText(vector: ColumnVector, lose: (what: string) => void): TextOf {
  switch (vector.type) {
    case 'list':
      return () => {
        lose('a CSV cell contains one value, not a list');
        return '';
      };
    case 'text': {
      const textOf = bytesText(vector);
      return (i) => quoted(textOf(i));
    }
    case 'bytes': {
      const textOf = bytesText(vector);
      return (i) => textOf(i) || '""';
    }
    default:
      return numberText(vector, () => lose('CSV cannot represent a NaN with these bits'));
  }
}

/** Returns a cell, in quotes if it is empty or contains a character with a meaning. */
function quoted(text: string): string {
  return text === '' || /[",\r\n]|^[ \t]|[ \t]$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
