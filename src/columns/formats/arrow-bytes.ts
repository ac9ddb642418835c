import { isUtf8 } from 'node:buffer';
import { RecordpipeError } from '../../errors.ts';
import type { BytesVector } from '../../messages/columns/column-batch.ts';
import { ARROW_TYPE, type ArrowData, type ArrowType } from './arrow-data.ts';
import {
  checkedOffsets,
  damaged,
  type ElementPlace,
  isPresent,
  narrowOffsets,
  unrepresentable,
  validityOf,
} from './arrow-elements.ts';

const TEXTS: readonly number[] = [ARROW_TYPE.utf8, ARROW_TYPE.largeUtf8, ARROW_TYPE.utf8View];
const BYTES: readonly number[] = [
  ARROW_TYPE.binary,
  ARROW_TYPE.largeBinary,
  ARROW_TYPE.binaryView,
  ARROW_TYPE.fixedSizeBinary,
];

/** Returns the type of byte strings that represents an Arrow type. */
export function bytesTypeOf({ typeId }: ArrowType): 'bytes' | 'text' | undefined {
  if (TEXTS.includes(typeId)) return 'text';
  return BYTES.includes(typeId) ? 'bytes' : undefined;
}

/** Reads byte strings. Copies nothing if the column is `binary`, `utf8` or their large forms. */
export function readBytes(target: 'bytes' | 'text', data: ArrowData, place: ElementPlace): BytesVector {
  const { length } = data;
  const validity = validityOf(data, place);
  const found = stringsOf(data, validity, place);
  if (target === 'text' && bytesTypeOf(data.type) === 'bytes') checkText(found, validity, place);
  return { type: target, length, validity, ...found };
}

interface Strings {
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

function stringsOf(data: ArrowData, validity: Uint8Array | undefined, place: ElementPlace): Strings {
  const { typeId } = data.type;
  const { length } = data;
  const bytes = (data.values ?? new Uint8Array(0)) as Uint8Array;
  if (typeId === ARROW_TYPE.fixedSizeBinary) {
    const width = data.type.byteWidth ?? 0;
    if (bytes.length < length * width) throw damaged(place, 'it has too few values');
    return { offsets: evenOffsets(length, width, place), data: bytes };
  }
  if (typeId === ARROW_TYPE.utf8View || typeId === ARROW_TYPE.binaryView)
    return joinViews(bytes, data.variadicBuffers ?? [], length, validity, place);
  const given = (data.valueOffsets ?? new Int32Array(0)) as Int32Array | BigInt64Array;
  if (given instanceof Int32Array)
    return { offsets: checkedOffsets(given, length, bytes.length, place), data: bytes };
  const narrow = narrowOffsets(given, length);
  if (narrow === undefined) throw tooLarge(place);
  const { first } = narrow;
  if (first < 0 || first > bytes.length) throw damaged(place, 'an offset is out of range');
  const own = bytes.subarray(first);
  return { offsets: checkedOffsets(narrow.offsets, length, own.length, place), data: own };
}

/** Returns offsets of elements of equal length. */
export function evenOffsets(length: number, size: number, place: ElementPlace): Int32Array {
  if (length * size > 0x7fffffff) throw tooLarge(place);
  const offsets = new Int32Array(length + 1);
  for (let i = 1; i <= length; i++) offsets[i] = i * size;
  return offsets;
}

/** Returns an error for a batch whose offsets do not fit into 32 bits. */
export function tooLarge(place: ElementPlace): RecordpipeError {
  return new RecordpipeError(
    'unrepresentable',
    `column ${JSON.stringify(place.column)} has 2 GiB or more in one batch; write the table with smaller batches`,
    { uri: place.uri },
  );
}

const VIEW_BYTES = 16;
const MAX_INLINE = 12;

/** Joins strings that are stored in the views themselves, or in other buffers. */
function joinViews(
  views: Uint8Array,
  buffers: readonly Uint8Array[],
  length: number,
  validity: Uint8Array | undefined,
  place: ElementPlace,
): Strings {
  if (views.length < length * VIEW_BYTES) throw damaged(place, 'it has too few views');
  const words = new DataView(views.buffer, views.byteOffset, views.byteLength);
  const offsets = new Int32Array(length + 1);
  let total = 0;
  for (let i = 0; i < length; i++) {
    const size = isPresent(validity, i) ? words.getInt32(i * VIEW_BYTES, true) : 0;
    if (size < 0) throw damaged(place, 'a length is negative');
    total += size;
    if (total > 0x7fffffff) throw tooLarge(place);
    offsets[i + 1] = total;
  }
  // A corrupt length must not reserve more memory than the buffers could fill.
  const available = buffers.reduce((sum, buffer) => sum + buffer.length, views.length);
  const data = total <= available ? new Uint8Array(total) : undefined;
  const parts: Uint8Array[] = [];
  for (let i = 0; i < length; i++) {
    const size = offsets[i + 1] - offsets[i];
    if (size === 0) continue;
    const at = i * VIEW_BYTES;
    let part: Uint8Array | undefined;
    if (size <= MAX_INLINE) part = views.subarray(at + 4, at + 4 + size);
    else {
      const from = words.getInt32(at + 12, true);
      const buffer = buffers[words.getInt32(at + 8, true)];
      if (buffer === undefined || from < 0 || from + size > buffer.length)
        throw damaged(place, 'a view is out of range');
      part = buffer.subarray(from, from + size);
    }
    if (data === undefined) parts.push(part);
    else data.set(part, offsets[i]);
  }
  return { offsets, data: data ?? Buffer.concat(parts) };
}

/** Throws if a byte string is not UTF-8. */
function checkText({ offsets, data }: Strings, validity: Uint8Array | undefined, place: ElementPlace): void {
  const count = offsets.length - 1;
  for (let i = 0; i < count; i++)
    if (isPresent(validity, i) && place.isUsed(i) && !isUtf8(data.subarray(offsets[i], offsets[i + 1])))
      throw unrepresentable(
        place,
        i,
        'the value is not UTF-8, but the schema requires text; change the type of the column to bytes in the schema',
      );
}
