import type { ColumnBatch, ColumnVector } from '../../messages/columns/column-batch.ts';
import { bytesText, isNull, numberText, type TextOf } from './text-values.ts';
import type { Lose, RowFormat, RowText } from './text-writer.ts';

/** Rows as JSON objects, one per line. Null values are omitted. */
export const JSONL_ROWS: RowFormat = { head: '', rows: rowText };

function rowText({ schema, columns }: ColumnBatch, lose: Lose): RowText {
  let current = 0;
  const parts = schema.fields.map(({ name }, i) => {
    const vector = columns[i];
    const textOf = jsonText(vector, (what) => lose(name, current, what));
    return { key: `${JSON.stringify(name)}:`, vector, textOf };
  });
  return (row) => {
    current = row;
    let text = '{';
    for (const { key, vector, textOf } of parts) {
      if (isNull(vector, row)) continue;
      text += text.length === 1 ? key : `,${key}`;
      text += textOf(row);
    }
    return `${text}}\n`;
  };
}

/** Returns a function that writes the elements of a vector in JSON. */
function jsonText(vector: ColumnVector, lose: (what: string) => void): TextOf {
  switch (vector.type) {
    case 'list': {
      const { offsets, items } = vector;
      const itemText = jsonText(items, lose);
      return (i) => {
        const end = offsets[i + 1];
        let text = '[';
        for (let item = offsets[i]; item < end; item++) {
          if (item > offsets[i]) text += ',';
          text += isNull(items, item) ? 'null' : itemText(item);
        }
        return `${text}]`;
      };
    }
    case 'text': {
      const textOf = bytesText(vector);
      return (i) => JSON.stringify(textOf(i));
    }
    case 'bytes': {
      const textOf = bytesText(vector);
      return (i) => `"${textOf(i)}"`;
    }
    default: {
      const textOf = numberText(vector, () => lose('JSON cannot represent a NaN with these bits'));
      if (vector.type !== 'float' && vector.type !== 'float64') return textOf;
      const { values } = vector;
      return (i) => (Number.isFinite(values[i]) ? textOf(i) : `"${textOf(i)}"`);
    }
  }
}
