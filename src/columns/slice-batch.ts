import type { ColumnBatch, ColumnVector } from '../messages/columns/column-batch.ts';

/** Returns the rows from number `from` up to `to` of a batch. Values are not copied. */
export function sliceBatch(batch: ColumnBatch, from: number, to: number): ColumnBatch {
  if (from === 0 && to === batch.rows) return batch;
  const columns = batch.columns.map((column) => slice(column, from, to));
  return { schema: batch.schema, rows: to - from, firstRow: batch.firstRow + from, columns };
}

function slice(vector: ColumnVector, from: number, to: number): ColumnVector {
  const validity = vector.validity && sliceBits(vector.validity, from, to);
  const length = to - from;
  if ('values' in vector) {
    const values = vector.values.subarray(from, to);
    return { ...vector, length, validity, values } as ColumnVector;
  }
  const start = vector.offsets[from];
  const end = vector.offsets[to];
  const offsets = vector.offsets.subarray(from, to + 1).map((offset) => offset - start);
  return vector.type === 'list'
    ? { ...vector, length, validity, offsets, items: slice(vector.items, start, end) }
    : { ...vector, length, validity, offsets, data: vector.data.subarray(start, end) };
}

function sliceBits(bits: Uint8Array, from: number, to: number): Uint8Array {
  const sliced = new Uint8Array((to - from + 7) >> 3);
  for (let i = from; i < to; i++)
    if ((bits[i >> 3] & (1 << (i & 7))) !== 0) sliced[(i - from) >> 3] |= 1 << ((i - from) & 7);
  return sliced;
}
