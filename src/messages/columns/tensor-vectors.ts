import { type RecordpipeError, UsageError } from '../../errors.ts';
import { recordAt } from '../example/columns.ts';
import { findMalformedText } from '../example/contiguous-bytes.ts';
import { BYTES, TENSOR, VALUE } from '../sagemaker/record.ts';
import type { BytesVector, ColumnVector, NumberVector } from './column-batch.ts';
import type { ColumnType } from './column-schema.ts';
import { type FoundTensors, kindName } from './found-tensors.ts';
import { tensorItems } from './tensor-items.ts';
import { Validity } from './validity.ts';

/** Part of a value of a Record. */
export type TensorPart = 'values' | 'keys' | 'shape';

/** Kinds of the values of a type. */
const KIND_OF = new Map<string, number>([
  ['float', VALUE.float32],
  ['float64', VALUE.float64],
  ['int32', VALUE.int32],
  ['bytes', VALUE.bytes],
  ['text', VALUE.bytes],
]);

/**
 * Returns the builder of the vector for the values, keys or shape of a value in Records.
 *
 * @throws UsageError for a type that the part does not have
 */
export function tensorVector(
  name: string,
  slot: number,
  part: TensorPart,
  type: ColumnType,
  nullable: boolean,
): (found: FoundTensors) => ColumnVector {
  const isList = type.type === 'list';
  const itemType = isList ? type.items.type : type.type;
  const kind = part === 'values' ? KIND_OF.get(itemType) : undefined;
  if (itemType === 'list' || (part === 'values' ? kind === undefined : itemType !== 'uint64'))
    throw new UsageError(`column ${JSON.stringify(name)}: a Record has no ${part} of type ${itemType}`);

  // Values of bytes have neither keys nor a shape.
  const hasPart = (got: number): boolean => got !== 0 && (kind !== undefined || got !== VALUE.bytes);
  return (found) => {
    const items = tensorItems(itemType, TENSOR[part]);
    const { records: length, tensor } = found;
    const offsets = new Int32Array(length + 1);
    const validity = new Validity(length);
    found.eachRecord(slot, (record, gotKind) => {
      if (kind !== undefined && gotKind !== 0 && gotKind !== kind)
        throw found.mismatch(
          record,
          slot,
          `expected values of kind ${kindName(kind)}, got ${kindName(gotKind)}`,
        );
      const count =
        gotKind === 0 || (kind === undefined && gotKind === VALUE.bytes) ? 0 : items.count(tensor);
      if (gotKind === 0 || (kind === undefined && count === 0)) {
        if (!nullable) throw missing(found, record, slot);
        validity.clear(record);
      } else if (!isList && count !== 1) throw found.mismatch(record, slot, `expected 1 value, got ${count}`);
      offsets[record + 1] = isList ? offsets[record] + count : record + 1;
    });
    items.allocate(offsets[length]);
    found.eachRecord(slot, (record, gotKind) => {
      if (hasPart(gotKind)) items.read(tensor, offsets[record]);
    });
    const vector = items.finish();
    checkText(found, slot, vector, (item) => recordAt(offsets, item));
    return isList
      ? { type: 'list', length, validity: validity.bits, offsets, items: vector }
      : { ...vector, validity: validity.bits };
  };
}

/** Returns the builder of the vector of texts of Records, or of the content types of their bytes. */
export function textVector(
  slot: number,
  isContentType: boolean,
  nullable: boolean,
): (found: FoundTensors) => ColumnVector {
  return (found) => {
    const { records: length, tensor } = found;
    const offsets = new Int32Array(length + 1);
    const validity = new Validity(length);
    const texts: Uint8Array[] = [];
    found.eachRecord(slot, (record, kind) => {
      let text = kind === 0 || isContentType ? undefined : tensor.whole();
      if (isContentType && kind === VALUE.bytes)
        for (tensor.begin(); tensor.nextField(tensor.limit); )
          if (tensor.tag === BYTES.contentType) text = tensor.bytes.subarray(tensor.start, tensor.end);
      if (text === undefined) {
        if (!nullable) throw missing(found, record, slot);
        validity.clear(record);
      } else texts.push(text);
      offsets[record + 1] = offsets[record] + (text?.length ?? 0);
    });
    const data = new Uint8Array(offsets[length]);
    let at = 0;
    for (const text of texts) {
      data.set(text, at);
      at += text.length;
    }
    const vector: BytesVector = { type: 'text', length, validity: validity.bits, offsets, data };
    checkText(found, slot, vector, (record) => record);
    return vector;
  };
}

function checkText(
  found: FoundTensors,
  slot: number,
  vector: NumberVector | BytesVector,
  recordOf: (item: number) => number,
): void {
  const malformed = vector.type === 'text' ? findMalformedText(vector) : -1;
  if (malformed >= 0)
    throw found.mismatch(recordOf(malformed), slot, 'expected UTF-8 text, got invalid UTF-8');
}

function missing(found: FoundTensors, record: number, slot: number): RecordpipeError {
  return found.mismatch(record, slot, 'expected a value, because the column is not nullable, got none');
}
