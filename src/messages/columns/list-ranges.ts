import type { ColumnVector, ListVector } from './column-batch.ts';

const NO_NUMBERS = new Int32Array(0);

/**
 * Where the items of consecutive lists are: list `i` has items `from[i]` up to `to[i]`. A missing
 * list has none.
 */
export class ListRanges {
  count = 0;
  from: Int32Array = NO_NUMBERS;
  to: Int32Array = NO_NUMBERS;
  /** 1 for a list, 0 for a missing one. */
  has: Uint8Array = new Uint8Array(0);

  /** Sets the lists of the rows [first, first + count) of a column, or one value of each row. */
  setRows(vector: ColumnVector, first: number, count: number): void {
    this.#begin(count);
    this.#add(vector, first, first + count);
  }

  /** Sets the lists of the steps of each row, which are the items of its lists, in order. */
  setSteps(vector: ListVector, rows: ListRanges): void {
    let steps = 0;
    for (let i = 0; i < rows.count; i++) steps += rows.to[i] - rows.from[i];
    this.#begin(steps);
    for (let i = 0; i < rows.count; i++) this.#add(vector.items, rows.from[i], rows.to[i]);
  }

  #begin(count: number): void {
    this.count = 0;
    if (this.from.length >= count) return;
    const room = Math.max(count, 2 * this.from.length);
    this.from = new Int32Array(room);
    this.to = new Int32Array(room);
    this.has = new Uint8Array(room);
  }

  #add(vector: ColumnVector, first: number, end: number): void {
    const { validity } = vector;
    const offsets = vector.type === 'list' ? vector.offsets : undefined;
    const { from, to, has } = this;
    let at = this.count;
    for (let i = first; i < end; i++, at++) {
      const present = validity === undefined ? 1 : (validity[i >> 3] >> (i & 7)) & 1;
      has[at] = present;
      // A missing list may have items in Arrow's layout, which are not part of the record.
      from[at] = offsets === undefined ? i : offsets[i];
      to[at] = present === 0 ? from[at] : offsets === undefined ? i + 1 : offsets[i + 1];
    }
    this.count = at;
  }
}
