import type { ColumnBatch, ColumnVector } from '../../src/messages/columns/column-batch.ts';
import { isPresent } from '../../src/messages/columns/validity.ts';
import { bits } from './oracle-example.ts';

/** Returns an element of a vector: null, a text (floats as with `bits`, bytes in hexadecimal), or a list. */
export function elementOf(vector: ColumnVector, i: number): unknown {
  if (!isPresent(vector.validity, i)) return null;
  switch (vector.type) {
    case 'list': {
      const { offsets, items } = vector;
      return Array.from({ length: offsets[i + 1] - offsets[i] }, (_, k) => elementOf(items, offsets[i] + k));
    }
    case 'bytes':
      return Buffer.from(vector.data.subarray(vector.offsets[i], vector.offsets[i + 1])).toString('hex');
    case 'text':
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        vector.data.subarray(vector.offsets[i], vector.offsets[i + 1]),
      );
    case 'float':
      return bits(vector.values[i]);
    default:
      return String(vector.values[i]);
  }
}

/** Returns the columns of a batch by name, as arrays of elements. */
export function columnsOf({ schema, columns }: ColumnBatch): Map<string, unknown[]> {
  return new Map(
    columns.map((vector, i) => [
      schema.fields[i].name,
      Array.from({ length: vector.length }, (_, row) => elementOf(vector, row)),
    ]),
  );
}
