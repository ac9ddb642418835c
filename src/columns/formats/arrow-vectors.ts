import { RecordpipeError } from '../../errors.ts';
import type {
  BytesVector,
  ColumnVector,
  ListVector,
  NumberVector,
} from '../../messages/columns/column-batch.ts';
import type { ColumnType } from '../../messages/columns/column-schema.ts';
import { bytesTypeOf, evenOffsets, readBytes, tooLarge } from './arrow-bytes.ts';
import { ARROW_TYPE, type ArrowData, type ArrowType } from './arrow-data.ts';
import {
  allNull,
  checkedOffsets,
  damaged,
  type ElementPlace,
  isPresent,
  narrowOffsets,
  placeOfItems,
  unrepresentable,
  validityOf,
} from './arrow-elements.ts';
import { areNumbers, NUMBER_ARRAYS, numberTypeOf, readNumbers } from './arrow-numbers.ts';

/** Reads the values of one column of a batch. */
export type ReadVector = (data: ArrowData, place: ElementPlace) => ColumnVector;

const LISTS: readonly number[] = [ARROW_TYPE.list, ARROW_TYPE.largeList, ARROW_TYPE.fixedSizeList];

/**
 * Returns the type of the column that represents an Arrow type exactly, or a sentence that says why
 * there is none and what to do.
 */
export function columnTypeOf(type: ArrowType): ColumnType | string {
  const { typeId } = type;
  if (typeId === ARROW_TYPE.dictionary) {
    const values = columnTypeOf(type.dictionary!);
    return typeof values === 'object' && values.type === 'list'
      ? 'dictionaries of lists are not supported; write the column without a dictionary'
      : values;
  }
  // All values are null, so any type represents them.
  if (typeId === ARROW_TYPE.null) return { type: 'int64' };
  const leaf = numberTypeOf(type) ?? bytesTypeOf(type);
  if (leaf !== undefined) return { type: leaf };
  if (!LISTS.includes(typeId)) return whyNot(typeId);
  const [child] = type.children;
  if (!child) return 'its lists have no item type, so the schema is corrupt';
  const items = columnTypeOf(child.type);
  return typeof items === 'string' ? items : { type: 'list', items };
}

function whyNot(typeId: number): string {
  const name = Object.entries(ARROW_TYPE).find(([, id]) => id === typeId)?.[0] ?? `type ${typeId}`;
  switch (typeId) {
    case ARROW_TYPE.date:
    case ARROW_TYPE.time:
    case ARROW_TYPE.timestamp:
    case ARROW_TYPE.duration:
      return `records cannot contain ${name} values; cast the column to int64 or string first, or omit the column`;
    case ARROW_TYPE.decimal:
      return 'records cannot contain decimal values; cast the column to float, int64 or string first, or omit the column';
    case ARROW_TYPE.struct:
      return 'records cannot contain struct values; flatten the column into one column per field first, or omit the column';
    default:
      return `records cannot contain ${name} values; omit the column`;
  }
}

/**
 * Returns the function that reads columns of an Arrow type as a type of column, or undefined if
 * their values cannot be of this type.
 *
 * @param lossy whether floats of 64 bits are rounded to 32 bits
 */
export function vectorReader(target: ColumnType, type: ArrowType, lossy: boolean): ReadVector | undefined {
  const { typeId } = type;
  if (typeId === ARROW_TYPE.null) return (data) => nullVector(target, data.length);
  if (typeId === ARROW_TYPE.dictionary) {
    const read = target.type === 'list' ? undefined : vectorReader(target, type.dictionary!, lossy);
    return read && dictionaryReader(read);
  }
  if (target.type === 'list') {
    const { items } = target;
    const [child] = LISTS.includes(typeId) ? type.children : [];
    const read = child && vectorReader(items, child.type, lossy);
    return read && ((data, place) => readLists(data, place, read, items));
  }
  if (target.type === 'bytes' || target.type === 'text') {
    const kind = target.type;
    return bytesTypeOf(type) === undefined ? undefined : (data, place) => readBytes(kind, data, place);
  }
  const kind = target.type;
  return areNumbers(kind, type) ? (data, place) => readNumbers(kind, data, place, lossy) : undefined;
}

function nullVector(target: ColumnType, length: number): ColumnVector {
  const validity = length > 0 ? allNull(length) : undefined;
  const offsets = new Int32Array(length + 1);
  switch (target.type) {
    case 'list':
      return { type: 'list', length, validity, offsets, items: nullVector(target.items, 0) };
    case 'bytes':
    case 'text':
      return { type: target.type, length, validity, offsets, data: new Uint8Array(0) };
    default:
      return {
        type: target.type,
        length,
        validity,
        values: new NUMBER_ARRAYS[target.type](length),
      } as NumberVector;
  }
}

function readLists(data: ArrowData, place: ElementPlace, read: ReadVector, items: ColumnType): ListVector {
  const { length } = data;
  const validity = validityOf(data, place);
  const [child] = data.children;
  const { offsets, first } = listOffsets(data, place);
  const count = offsets[length];
  if (first < 0 || first + count > child.length)
    throw damaged(place, `its lists need ${first + count} items, but it has ${child.length}`);
  const own = first === 0 && count === child.length ? child : child.slice(first, count);
  const itemPlace = placeOfItems(place, offsets, validity);
  const vector = read(own, itemPlace);
  const { validity: itemValidity } = vector;
  if (itemValidity === undefined || items.type === 'list')
    return { type: 'list', length, validity, offsets, items: vector };
  // Null items can only be in lists that are null themselves, where they do not matter.
  for (let i = 0; i < count; i++)
    if (!isPresent(itemValidity, i) && itemPlace.isUsed(i))
      throw unrepresentable(
        itemPlace,
        i,
        'a list contains a null, but the values of a feature cannot be null; replace the null with a value, or remove the null',
      );
  return { type: 'list', length, validity, offsets, items: { ...vector, validity: undefined } };
}

/** Returns offsets that start at 0, and the first item that they mean. */
function listOffsets(data: ArrowData, place: ElementPlace): { offsets: Int32Array; first: number } {
  const { length, type } = data;
  if (type.typeId === ARROW_TYPE.fixedSizeList)
    return { offsets: evenOffsets(length, Math.max(type.listSize ?? 0, 0), place), first: 0 };
  const given = (data.valueOffsets ?? new Int32Array(0)) as Int32Array | BigInt64Array;
  if (given instanceof BigInt64Array) {
    const narrow = narrowOffsets(given, length);
    if (narrow === undefined) throw tooLarge(place);
    const offsets = checkedOffsets(narrow.offsets, length, 0x7fffffff, place);
    return { offsets, first: narrow.first };
  }
  const offsets = checkedOffsets(given, length, 0x7fffffff, place);
  const first = offsets[0];
  return { offsets: first === 0 ? offsets : offsets.map((offset) => offset - first), first };
}

/** Returns a function that replaces the numbers of dictionary entries by the entries. */
function dictionaryReader(read: ReadVector): ReadVector {
  const known = new WeakMap<object, Entries>();
  return (data, place) => {
    const chunks = data.dictionary?.data;
    if (chunks === undefined) throw damaged(place, 'its dictionary is missing');
    let entries = known.get(data.dictionary!);
    if (entries === undefined) {
      const whole = { ...place, row: () => 0, isUsed: () => true };
      entries = joinEntries(chunks.map((chunk) => read(chunk, whole) as NumberVector | BytesVector));
      known.set(data.dictionary!, entries);
    }
    return replaceIndices(data, entries, place);
  };
}

type Entries = NumberVector | BytesVector;

function joinEntries(chunks: readonly Entries[]): Entries {
  if (chunks.length === 1) return chunks[0];
  throw new RecordpipeError(
    'unrepresentable',
    `a dictionary has ${chunks.length} parts (delta dictionaries); write the table without dictionaries`,
  );
}

function replaceIndices(data: ArrowData, entries: Entries, place: ElementPlace): ColumnVector {
  const { length } = data;
  const indices = data.values as ArrayLike<number | bigint>;
  if (length > 0 && indices.length < length) throw damaged(place, 'it has too few dictionary indices');
  const present = validityOf(data, place);
  let validity = present;
  const chosen = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    if (!isPresent(present, i)) {
      chosen[i] = -1;
      continue;
    }
    const index = Number(indices[i]);
    if (!(index >= 0 && index < entries.length))
      throw damaged(place, `dictionary entry ${index} does not exist`);
    chosen[i] = index;
    if (isPresent(entries.validity, index)) continue;
    if (validity === present) validity = present?.slice() ?? new Uint8Array(Math.ceil(length / 8)).fill(0xff);
    validity![i >> 3] &= ~(1 << (i & 7));
    chosen[i] = -1;
  }
  if (validity !== present && length % 8 > 0) validity![validity!.length - 1] &= 0xff >> (8 - (length % 8));
  return 'values' in entries
    ? takeNumbers(entries, chosen, validity)
    : takeBytes(entries, chosen, validity, place);
}

function takeNumbers(
  entries: NumberVector,
  chosen: Int32Array,
  validity: Uint8Array | undefined,
): NumberVector {
  const { length } = chosen;
  const width = entries.values.BYTES_PER_ELEMENT / 4;
  const from = new Int32Array(
    entries.values.buffer,
    entries.values.byteOffset,
    entries.values.length * width,
  );
  const values = new NUMBER_ARRAYS[entries.type](length);
  const to = new Int32Array(values.buffer);
  for (let i = 0; i < length; i++) {
    const entry = chosen[i];
    if (entry < 0) continue;
    for (let word = 0; word < width; word++) to[i * width + word] = from[entry * width + word];
  }
  return { type: entries.type, length, validity, values } as NumberVector;
}

function takeBytes(
  entries: BytesVector,
  chosen: Int32Array,
  validity: Uint8Array | undefined,
  place: ElementPlace,
): BytesVector {
  const { length } = chosen;
  const offsets = new Int32Array(length + 1);
  let total = 0;
  for (let i = 0; i < length; i++) {
    const entry = chosen[i];
    if (entry >= 0) total += entries.offsets[entry + 1] - entries.offsets[entry];
    if (total > 0x7fffffff) throw tooLarge(place);
    offsets[i + 1] = total;
  }
  const data = new Uint8Array(total);
  for (let i = 0; i < length; i++) {
    const entry = chosen[i];
    if (entry < 0) continue;
    data.set(entries.data.subarray(entries.offsets[entry], entries.offsets[entry + 1]), offsets[i]);
  }
  return { type: entries.type, length, validity, offsets, data };
}
