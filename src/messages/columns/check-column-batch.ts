import { type ErrorPlace, RecordpipeError } from '../../errors.ts';
import type { ColumnBatch, ColumnVector, NumberArrays, NumberVector } from './column-batch.ts';
import type { ColumnSchema, ColumnType } from './column-schema.ts';

const ARRAYS: { readonly [Type in keyof NumberArrays]: abstract new () => NumberArrays[Type] } = {
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  float: Float32Array,
  float64: Float64Array,
};

/**
 * Checks that the vectors of a batch match a schema, and that no length, offset or validity leads
 * outside of its memory.
 *
 * @throws RecordpipeError `schema-mismatch` that names the column
 */
export function checkColumnBatch(
  { rows, firstRow, columns }: ColumnBatch,
  { fields }: ColumnSchema,
  place: ErrorPlace = {},
): void {
  for (const [name, value] of Object.entries({ rows, firstRow }))
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RecordpipeError('schema-mismatch', `batch: expected ${name} >= 0, got ${value}`, place);
  if (columns.length !== fields.length)
    throw new RecordpipeError(
      'schema-mismatch',
      `batch: expected ${fields.length} columns, as the schema has, got ${columns.length}`,
      place,
    );
  for (const [i, { name, type, nullable }] of fields.entries()) {
    const vector = columns[i];
    const problem =
      vectorProblem(vector, type) ??
      (vector.length === rows
        ? undefined
        : `expected ${rows} rows, as the batch has, got ${vector.length}`) ??
      (nullable ? undefined : nullProblem(vector));
    if (problem !== undefined)
      throw new RecordpipeError('schema-mismatch', `column ${JSON.stringify(name)}: ${problem}`, place);
  }
}

function vectorProblem(vector: ColumnVector, type: ColumnType): string | undefined {
  if (typeof vector !== 'object' || vector === null) return `expected a vector, got ${String(vector)}`;
  if (vector.type !== type.type) return `expected type ${type.type}, got ${vector.type}`;
  const { length, validity } = vector;
  if (!Number.isSafeInteger(length) || length < 0) return `expected a length >= 0, got ${length}`;
  if (validity !== undefined && 8 * validity.length < length)
    return `expected validity bits for ${length} elements, got ${8 * validity.length}`;
  if (vector.type === 'list') {
    const { offsets, items } = vector;
    return (
      vectorProblem(items, (type as Extract<ColumnType, { type: 'list' }>).items) ??
      offsetsProblem(offsets, length, items.length)
    );
  }
  if (vector.type === 'bytes' || vector.type === 'text')
    return offsetsProblem(vector.offsets, length, vector.data?.length ?? 0);
  const { values } = vector as NumberVector;
  if (!(values instanceof ARRAYS[vector.type])) return `expected an array for type ${vector.type}`;
  return values.length < length ? `expected ${length} values, got ${values.length}` : undefined;
}

/** Checks the offsets of `length` elements that contain `size` bytes or items. */
function offsetsProblem(offsets: Int32Array, length: number, size: number): string | undefined {
  if (!(offsets instanceof Int32Array) || offsets.length <= length)
    return `expected ${length + 1} 32-bit offsets, got ${offsets?.length}`;
  let last = 0;
  for (let i = 0; i <= length; i++) {
    const next = offsets[i];
    if (next < last) return `expected offsets in ascending order, got ${next} after ${last}`;
    last = next;
  }
  return last <= size ? undefined : `expected offsets of at most ${size}, the size of the data, got ${last}`;
}

function nullProblem({ validity, length }: ColumnVector): string | undefined {
  if (validity === undefined) return undefined;
  for (let i = 0; i < length; i++)
    if (((validity[i >> 3] >> (i & 7)) & 1) === 0)
      return `expected no nulls, as the schema requires, got a null in row ${i} of the batch`;
  return undefined;
}
