import { RecordpipeError } from '../../errors.ts';
import type { ArrowData } from './arrow-data.ts';

/** Where the elements of a vector are in a table. It decides which values matter and names them. */
export interface ElementPlace {
  /** Column and file, for messages. */
  readonly column: string;
  readonly uri: string;
  /** Returns the row of an element. */
  row(index: number): number;
  /** Reports whether no list around the element is null. The values in a null list do not matter. */
  isUsed(index: number): boolean;
}

/** Returns the place of the rows of a column. */
export function placeOfRows(column: string, uri: string, firstRow: number): ElementPlace {
  return { column, uri, row: (index) => firstRow + index, isUsed: () => true };
}

/** Returns the place of the items of lists. */
export function placeOfItems(
  lists: ElementPlace,
  offsets: Int32Array,
  validity: Uint8Array | undefined,
): ElementPlace {
  const listOf = (item: number): number => {
    let [from, to] = [0, offsets.length - 1];
    while (from + 1 < to) {
      const middle = (from + to) >>> 1;
      if (offsets[middle] <= item) from = middle;
      else to = middle;
    }
    return from;
  };
  return {
    column: lists.column,
    uri: lists.uri,
    row: (item) => lists.row(listOf(item)),
    isUsed: (item) => {
      const list = listOf(item);
      return isPresent(validity, list) && lists.isUsed(list);
    },
  };
}

/** Reports whether an element is not null. */
export function isPresent(validity: Uint8Array | undefined, index: number): boolean {
  return validity === undefined || (validity[index >> 3] & (1 << (index & 7))) !== 0;
}

/** Returns the validity of all elements, from bit 0; undefined if no element is null. */
export function validityOf(data: ArrowData, place: ElementPlace): Uint8Array | undefined {
  const { length, offset, nullBitmap } = data;
  if (length === 0 || data.nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return undefined;
  const end = Math.ceil((offset + length) / 8);
  if (nullBitmap.length < end) throw damaged(place, 'its validity bitmap is too short');
  const bits = offset % 8 === 0 ? nullBitmap.subarray(offset / 8, end) : shifted(nullBitmap, offset, length);
  const last = length % 8 === 0 ? 0xff : 0xff >> (8 - (length % 8));
  const at = bits.length - 1;
  if ((bits[at] & ~last) === 0) return bits;
  const copy = bits.slice();
  copy[at] &= last;
  return copy;
}

/** Returns bits [offset, offset + length) of a bitmap, from bit 0. */
function shifted(bitmap: Uint8Array, offset: number, length: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(length / 8));
  const first = offset >> 3;
  const shift = offset & 7;
  for (let i = 0; i < bits.length; i++)
    bits[i] = (bitmap[first + i] >> shift) | ((bitmap[first + i + 1] ?? 0) << (8 - shift));
  return bits;
}

/** Returns the validity of elements that are all null. */
export function allNull(length: number): Uint8Array {
  return new Uint8Array(Math.ceil(length / 8));
}

/**
 * Checks that offsets do not decrease and end within `limit`. Returns one more offset than elements.
 */
export function checkedOffsets(
  offsets: Int32Array,
  length: number,
  limit: number,
  place: ElementPlace,
): Int32Array {
  if (length === 0) return new Int32Array(1);
  if (offsets.length <= length) throw damaged(place, 'it has too few offsets');
  let last = 0;
  for (let i = 0; i <= length; i++) {
    const offset = offsets[i];
    if (offset < last) throw damaged(place, 'its offsets decrease');
    last = offset;
  }
  if (last > limit) throw damaged(place, `an offset is ${last}, but there are only ${limit} values`);
  return offsets.subarray(0, length + 1);
}

/**
 * Returns 64-bit offsets as 32-bit offsets from the first one, and the first one. `undefined` if
 * they do not fit.
 */
export function narrowOffsets(
  offsets: BigInt64Array,
  length: number,
): { offsets: Int32Array; first: number } | undefined {
  const words = new Int32Array(offsets.buffer, offsets.byteOffset, offsets.length * 2);
  const at = (i: number): number => words[2 * i + 1] * 2 ** 32 + (words[2 * i] >>> 0);
  const count = Math.min(length + 1, offsets.length);
  const first = count === 0 ? 0 : at(0);
  const narrow = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const offset = at(i) - first;
    if (offset > 0x7fffffff) return undefined;
    narrow[i] = Math.max(offset, -1);
  }
  return { offsets: narrow, first: Math.max(first, -1) };
}

/** Returns an error for a table whose contents contradict each other. */
export function damaged(place: ElementPlace, what: string): RecordpipeError {
  return malformedTable(`column ${JSON.stringify(place.column)} is corrupt: ${what}`, place.uri);
}

/** Returns an error for a table that is corrupt or truncated. */
export function malformedTable(what: string, uri: string, cause?: unknown): RecordpipeError {
  return new RecordpipeError(
    'malformed-table',
    `${what}; restore the file from a backup, or regenerate it from its source`,
    { uri },
    cause,
  );
}

/** Returns an error for a value that a record cannot contain. */
export function unrepresentable(place: ElementPlace, index: number, what: string): RecordpipeError {
  return new RecordpipeError('unrepresentable', `column ${JSON.stringify(place.column)}: ${what}`, {
    uri: place.uri,
    record: place.row(index),
  });
}
