import { UsageError } from '../../errors.ts';
import { addValues, listsOf, recordAt } from '../example/columns.ts';
import { type ContiguousBytes, ContiguousCollector, findMalformedText } from '../example/contiguous-bytes.ts';
import type { FoundFeatures } from '../example/found-features.ts';
import { KIND_NAMES } from '../example/list-cursor.ts';
import { OnePass } from '../example/one-pass.ts';
import { type InvalidValue, type ValueCollector, valueCollector } from '../example/value-collector.ts';
import type { BytesVector, ColumnVector, ListVector, NumberVector } from './column-batch.ts';
import type { ColumnType } from './column-schema.ts';
import { Validity } from './validity.ts';

/** Builds the vector of one feature from the features found in records. */
export interface FeatureVector {
  /** Collects the vector as its values are found, if every record has one value. */
  readonly onePass?: OnePass | undefined;
  /** @throws RecordpipeError `schema-mismatch`, `malformed-example` */
  build(found: FoundFeatures): ColumnVector;
}

/** Types of the values of features. */
type ValueType = 'int64' | 'float' | 'bytes' | 'text';

/**
 * Returns the builder of the vector of a feature.
 *
 * @param name name of the column, for errors
 * @param slot place of the feature
 * @throws UsageError for a type that no feature has
 */
export function featureVector(
  name: string,
  slot: number,
  type: ColumnType,
  nullable: boolean,
): FeatureVector {
  if (type.type === 'list') {
    const items = valueType(name, type.items);
    return listVector(items, collectorOf(name, items), slot, nullable);
  }
  const value = valueType(name, type);
  return scalarVector(value, collectorOf(name, value), slot, nullable);
}

/** Returns the type of values. @throws UsageError for a type that features do not have */
function valueType(name: string, { type }: ColumnType): ValueType {
  if (type === 'int64' || type === 'float' || type === 'bytes' || type === 'text') return type;
  throw new UsageError(
    `column ${JSON.stringify(name)}: expected values of type int64, float, bytes or text, got ${type}`,
  );
}

function collectorOf(name: string, type: ValueType): ValueCollector {
  return type === 'bytes' || type === 'text'
    ? new ContiguousCollector()
    : valueCollector(JSON.stringify(name), type, 'bigint', undefined);
}

function listVector(
  type: ValueType,
  collector: ValueCollector,
  slot: number,
  nullable: boolean,
): FeatureVector {
  return {
    build(found): ListVector {
      const { values, splits: offsets } = listsOf(found, collector, slot);
      const { records: length } = found;
      const recordOf = (index: number): number => recordAt(offsets, index);
      return {
        type: 'list',
        length,
        validity: presence(found, slot, nullable),
        offsets,
        items: valueVector(found, slot, type, values, offsets[length], recordOf),
      };
    },
  };
}

function scalarVector(
  type: ValueType,
  collector: ValueCollector,
  slot: number,
  nullable: boolean,
): FeatureVector {
  const isBytes = collector instanceof ContiguousCollector;
  const onePass = new OnePass(slot, collector, 1);
  return {
    onePass,
    build(found) {
      const { records } = found;
      if (onePass.end(records))
        return valueVector(found, slot, type, collector.finish(records, NEVER), records, same);
      const validity = presence(found, slot, nullable);
      if (isBytes) collector.beginLists(totalLength(found, slot));
      else collector.begin(records);
      for (let record = 0; record < records; record++) {
        const end = addValues(found, record, slot, collector, record);
        if (end === record + 1) continue;
        if (found.has(record, slot))
          throw found.mismatch(
            record,
            slot,
            `expected 1 value of kind ${KIND_NAMES[collector.kind]}, got ${end - record}`,
          );
        collector.fill(record, record + 1);
      }
      const values = collector.finish(records, NEVER);
      return { ...valueVector(found, slot, type, values, records, same), validity };
    },
  };
}

/**
 * Returns the validity of a vector with one element per record.
 *
 * @throws RecordpipeError `schema-mismatch` for a missing feature unless it is nullable
 */
function presence(found: FoundFeatures, slot: number, nullable: boolean): Uint8Array | undefined {
  const { records } = found;
  const validity = new Validity(records);
  for (let record = 0; record < records; record++) {
    if (found.has(record, slot)) continue;
    if (!nullable)
      throw found.mismatch(record, slot, 'expected a value, because the column is not nullable, got none');
    validity.clear(record);
  }
  return validity.bits;
}

/** @param recordOf returns the record of the value at an index */
function valueVector(
  found: FoundFeatures,
  slot: number,
  type: ValueType,
  values: unknown,
  length: number,
  recordOf: (index: number) => number,
): NumberVector | BytesVector {
  if (type === 'int64') return { type, length, values: values as BigInt64Array };
  if (type === 'float') return { type, length, values: values as Float32Array };
  const bytes = values as ContiguousBytes;
  if (type === 'text') {
    const malformed = findMalformedText(bytes);
    if (malformed >= 0)
      throw found.mismatch(
        recordOf(malformed),
        slot,
        'expected UTF-8 text, got invalid UTF-8; the column type bytes accepts it',
      );
  }
  return { type, length, ...bytes };
}

/** Returns the total size in bytes of the lists of a feature. */
function totalLength(found: FoundFeatures, slot: number): number {
  let bytes = 0;
  for (let record = 0; record < found.records; record++) bytes += found.length(record, slot);
  return bytes;
}

function same(index: number): number {
  return index;
}

/** Integers are 64-bit, so none is out of range. */
const NEVER: InvalidValue = () => new Error('unreachable');
