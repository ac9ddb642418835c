import type { ColumnBatch, ColumnVector } from '../../src/messages/columns/column-batch.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../../src/messages/columns/column-schema.ts';

/** A value of a column: null, a number, bytes, or a list of them. */
export type ColumnValue = null | number | bigint | Uint8Array | readonly ColumnValue[];

/** Builds a vector, value by value. Nulls of lists have an item that is not part of any list. */
export function columnVector(type: ColumnType, values: readonly ColumnValue[]): ColumnVector {
  const { length } = values;
  let validity: Uint8Array | undefined;
  if (values.includes(null)) {
    validity = new Uint8Array(Math.ceil(length / 8));
    for (const [i, value] of values.entries()) if (value !== null) validity[i >> 3] |= 1 << (i & 7);
  }
  const of = { length, validity };
  switch (type.type) {
    case 'list': {
      const offsets = new Int32Array(length + 1);
      const items: ColumnValue[] = [];
      for (const [i, value] of values.entries()) {
        items.push(...(value === null ? [filler(type.items)] : (value as readonly ColumnValue[])));
        offsets[i + 1] = items.length;
      }
      return { ...of, type: 'list', offsets, items: columnVector(type.items, items) };
    }
    case 'bytes':
    case 'text': {
      const parts = values.map((value) => (value ?? new Uint8Array(0)) as Uint8Array);
      const offsets = new Int32Array(length + 1);
      for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i] + part.length;
      return { ...of, type: type.type, offsets, data: Buffer.concat(parts) };
    }
    case 'int64':
      return {
        ...of,
        type: 'int64',
        values: BigInt64Array.from(values, (value) => BigInt((value ?? 0) as bigint)),
      };
    case 'uint64':
      return {
        ...of,
        type: 'uint64',
        values: BigUint64Array.from(values, (value) => BigInt((value ?? 0) as bigint)),
      };
    case 'int32':
      return { ...of, type: 'int32', values: Int32Array.from(values, Number) };
    case 'float':
      return { ...of, type: 'float', values: Float32Array.from(values as number[]) };
    default:
      return { ...of, type: 'float64', values: Float64Array.from(values as number[]) };
  }
}

/** An item of a null list, which no record contains. */
function filler(type: ColumnType): ColumnValue {
  if (type.type === 'list') return [filler(type.items)];
  return type.type === 'bytes' || type.type === 'text'
    ? // All of the data of a text vector is UTF-8.
      Uint8Array.of(type.type === 'bytes' ? 0xff : 0x7f)
    : type.type.startsWith('float')
      ? 7
      : 7n;
}

/** A column of a test: its field and its values, one per row. */
export type TestColumn = ColumnField & { readonly values: readonly ColumnValue[] };

/** Builds a batch of columns. */
export function columnBatch(
  message: ColumnSchema['message'],
  rows: number,
  columns: readonly TestColumn[],
  firstRow = 0,
): ColumnBatch {
  const fields = columns.map(({ values: _, ...field }) => field);
  return {
    schema: { recordpipeColumns: 1, message, fields },
    rows,
    firstRow,
    columns: columns.map(({ type, values }) => columnVector(type, values)),
  };
}
