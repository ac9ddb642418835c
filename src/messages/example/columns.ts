import { UsageError } from '../../errors.ts';
import {
  type FeatureSpec,
  type FixedLenSequenceSpec,
  type FixedLenSpec,
  type PlanInt64,
  type SparseSpec,
  sizeOfShape,
} from './feature-specs.ts';
import type { FoundFeatures } from './found-features.ts';
import { KIND_NAMES } from './list-cursor.ts';
import { OnePass } from './one-pass.ts';
import { type InvalidValue, type ValueCollector, valueCollector } from './value-collector.ts';

const MAX_VALUES = 2 ** 31 - 1;

/** Builds the result for one requested name from the features found in the records. */
export interface Column {
  /** Collects the column as its values are found, if all of its rows have the same length. */
  readonly onePass?: OnePass | undefined;
  /** Returns the column of all records. */
  batch(found: FoundFeatures): unknown;
  /** Returns the value of the only record. */
  single(found: FoundFeatures): unknown;
}

/** Values of all records in one array. The values of record `i` are [splits[i], splits[i + 1]). */
export interface Lists {
  readonly values: unknown;
  readonly splits: Int32Array;
}

/**
 * Returns the column for a spec.
 *
 * @param slotOf returns the slot of a name in the records
 * @param reuse whether arrays of numbers use the memory of the previous column, if the column has
 *   no second array
 */
export function columnOf(
  name: string,
  spec: FeatureSpec,
  int64: PlanInt64,
  slotOf: (name: string) => number,
  reuse = false,
): Column {
  const what = JSON.stringify(name);
  const collector = (given?: FixedLenSpec['defaultValue'], reused = false): ValueCollector =>
    valueCollector(what, spec.kind, int64, given, reused);
  switch (spec.type) {
    case 'fixedLen':
      return fixedLenColumn(spec, collector(spec.defaultValue, reuse), slotOf(name));
    case 'fixedLenSequence':
      return sequenceColumn(spec, collector(spec.defaultValue), slotOf(name));
    case 'varLen':
      return varLenColumn(collector(undefined, reuse), slotOf(name));
    case 'ragged':
      return raggedColumn(collector(undefined, reuse), slotOf(spec.valueKey ?? name));
    case 'sparse':
      return sparseColumn(spec, collector(), slotOf(spec.valueKey), spec.indexKeys.map(slotOf));
    default:
      throw new UsageError(`${what}: expected a spec (fixedLen, varLen, …), got ${JSON.stringify(spec)}`);
  }
}

function fixedLenColumn(spec: FixedLenSpec, collector: ValueCollector, slot: number): Column {
  const size = sizeOfShape(spec.shape);
  const hasDefault = spec.defaultValue !== undefined;
  const wanted = `expected ${size} values of kind ${KIND_NAMES[collector.kind]}, got`;
  const collect = (found: FoundFeatures): number => {
    const { records } = found;
    collector.begin(records * size);
    let to = 0;
    for (let record = 0; record < records; record++) {
      const from = to;
      to = addValues(found, record, slot, collector, from);
      if (to === from + size && size > 0) continue;
      if (found.has(record, slot)) {
        if (to !== from + size) throw found.mismatch(record, slot, `${wanted} ${to - from}`);
      } else if (hasDefault || size === 0) {
        to = from + size;
        collector.fill(from, to);
      } else
        throw found.mismatch(
          record,
          slot,
          `${wanted} none: the feature is missing, and the spec has no default`,
        );
    }
    return to;
  };
  const onInvalid = (found: FoundFeatures): InvalidValue =>
    invalidValue(found, slot, (index) => Math.floor(index / size));
  const values = (found: FoundFeatures): unknown => collector.finish(collect(found), onInvalid(found));
  const onePass = new OnePass(slot, collector, size);
  const batchValues = (found: FoundFeatures): unknown =>
    onePass.end(found.records) ? collector.finish(found.records * size, onInvalid(found)) : values(found);
  const one = (found: FoundFeatures): unknown => {
    collect(found);
    return collector.finishOne(onInvalid(found));
  };
  return {
    onePass,
    batch: (found) => ({ values: batchValues(found), shape: [found.records, ...spec.shape] }),
    single: spec.shape.length === 0 ? one : values,
  };
}

/** Returns a column in which every row is padded to the length of the longest one. */
function sequenceColumn(spec: FixedLenSequenceSpec, collector: ValueCollector, slot: number): Column {
  const size = sizeOfShape(spec.shape);
  const checkCount = (found: FoundFeatures, record: number, count: number): void => {
    if (count % size !== 0)
      throw found.mismatch(record, slot, `expected groups of ${size} values, got ${count} values`);
  };
  return {
    single: (found) => listsOf(found, collector, slot, checkCount).values,
    batch(found) {
      const { values, splits } = listsOf(found, collector, slot, checkCount);
      const { records } = found;
      const longest = longestOf(splits);
      const total = records * longest;
      const shape = [records, longest / size, ...spec.shape];
      if (splits[records] === total) return { values, shape };
      if (total > MAX_VALUES)
        throw new UsageError(
          `records: expected columns of at most 2^31 - 1 values, got ${records} rows of ${longest}; use smaller batches`,
        );
      collector.begin(total);
      collector.fill(0, total);
      const padded = collector.finish(total, () => new UsageError('defaultValue: expected at most 2^53 - 1'));
      for (let record = 0; record < records; record++)
        copyValues(values, splits[record], splits[record + 1], padded, record * longest);
      return { values: padded, shape };
    },
  };
}

function copyValues(values: unknown, from: number, end: number, target: unknown, to: number): void {
  if (Array.isArray(values))
    for (let i = from; i < end; i++) (target as unknown[])[to + i - from] = values[i];
  else (target as Float32Array).set((values as Float32Array).subarray(from, end), to);
}

function varLenColumn(collector: ValueCollector, slot: number): Column {
  return {
    single: (found) => listsOf(found, collector, slot).values,
    batch(found) {
      const { values, splits } = listsOf(found, collector, slot);
      const { records } = found;
      const indices = new Int32Array(2 * splits[records]);
      let to = 0;
      for (let record = 0; record < records; record++) {
        const count = splits[record + 1] - splits[record];
        for (let i = 0; i < count; i++) {
          indices[to++] = record;
          indices[to++] = i;
        }
      }
      return { indices, values, shape: [records, longestOf(splits)] };
    },
  };
}

function raggedColumn(collector: ValueCollector, slot: number): Column {
  return {
    single: (found) => listsOf(found, collector, slot).values,
    batch(found) {
      const { values, splits } = listsOf(found, collector, slot);
      return { values, rowSplits: splits };
    },
  };
}

/** Returns a column of values at positions given by other features, sorted by position. */
function sparseColumn(
  spec: SparseSpec,
  collector: ValueCollector,
  slot: number,
  indexSlots: readonly number[],
): Column {
  const rank = indexSlots.length;
  const indexCollectors = spec.indexKeys.map((name) =>
    valueCollector(JSON.stringify(name), 'int64', 'bigint', undefined),
  );

  /** Writes dimension `d` of the position of each value. Positions are rows of `rank` numbers. */
  const addIndices = (found: FoundFeatures, d: number, splits: Int32Array, positions: Int32Array): void => {
    const indexSlot = indexSlots[d];
    const { values } = listsOf(found, indexCollectors[d], indexSlot, (_, record, indices) => {
      const count = splits[record + 1] - splits[record];
      if (indices !== count)
        throw found.mismatch(
          record,
          indexSlot,
          `expected one index for each of the ${count} values of ${JSON.stringify(spec.valueKey)}, got ${indices}`,
        );
    });
    const max = spec.sizes[d] - 1;
    for (const [i, value] of (values as BigInt64Array).entries()) {
      const index = Number(value);
      if (index < 0 || index > max)
        throw found.mismatch(
          recordAt(splits, i),
          indexSlot,
          `expected indices from 0 to ${max}, got ${value}`,
        );
      positions[rank * i + d] = index;
    }
  };

  const build = (found: FoundFeatures, withRecord: boolean): unknown => {
    const { values, splits } = listsOf(found, collector, slot);
    const positions = new Int32Array(rank * splits[found.records]);
    for (let d = 0; d < rank; d++) addIndices(found, d, splits, positions);
    const order = spec.alreadySorted ? undefined : sortedByPosition(splits, positions, rank);
    const count = splits[found.records];
    const indices = new Int32Array((rank + (withRecord ? 1 : 0)) * count);
    let record = 0;
    let to = 0;
    for (let i = 0; i < count; i++) {
      while (splits[record + 1] <= i) record++;
      if (withRecord) indices[to++] = record;
      const from = rank * (order?.[i] ?? i);
      for (let d = 0; d < rank; d++) indices[to++] = positions[from + d];
    }
    const shape = withRecord ? [found.records, ...spec.sizes] : [...spec.sizes];
    return { indices, values: order === undefined ? values : inOrder(values, order), shape };
  };
  return { batch: (found) => build(found, true), single: (found) => build(found, false) };
}

/**
 * Returns the indices of the values sorted by position, record by record. Values with equal
 * positions keep their order.
 */
function sortedByPosition(splits: Int32Array, positions: Int32Array, rank: number): number[] {
  const compare = (a: number, b: number): number => {
    for (let d = 0; d < rank; d++) {
      const difference = positions[rank * a + d] - positions[rank * b + d];
      if (difference !== 0) return difference;
    }
    return a - b;
  };
  const order: number[] = [];
  for (let record = 0; record + 1 < splits.length; record++) {
    const start = splits[record];
    const own = Array.from({ length: splits[record + 1] - start }, (_, i) => start + i);
    for (const i of own.sort(compare)) order.push(i);
  }
  return order;
}

function inOrder(values: unknown, order: readonly number[]): unknown {
  const from = values as unknown[];
  const ordered = from.slice();
  for (const [to, i] of order.entries()) ordered[to] = from[i];
  return ordered;
}

/** Collects the lists of a slot. @param check called with the number of values of each record */
export function listsOf(
  found: FoundFeatures,
  collector: ValueCollector,
  slot: number,
  check?: (found: FoundFeatures, record: number, count: number) => void,
): Lists {
  const { records } = found;
  const splits = new Int32Array(records + 1);
  let bytes = 0;
  for (let record = 0; record < records; record++) bytes += found.length(record, slot);
  collector.beginLists(bytes);
  let to = 0;
  for (let record = 0; record < records; record++) {
    const from = to;
    to = addValues(found, record, slot, collector, from);
    check?.(found, record, to - from);
    splits[record + 1] = to;
  }
  const onInvalid = invalidValue(found, slot, (index) => recordAt(splits, index));
  return { values: collector.finish(to, onInvalid), splits };
}

/** Adds the values of one feature of one record, starting at `to`. */
export function addValues(
  found: FoundFeatures,
  record: number,
  slot: number,
  collector: ValueCollector,
  to: number,
): number {
  try {
    return found.open(record, slot, collector.kind) ? collector.add(found.cursor, to) : to;
  } catch (error) {
    throw found.explained(error, record, slot);
  }
}

function invalidValue(found: FoundFeatures, slot: number, recordOf: (index: number) => number): InvalidValue {
  return (index, what) => found.mismatch(recordOf(index), slot, what);
}

/** Returns the record to which the value at `index` belongs. */
export function recordAt(splits: Int32Array, index: number): number {
  return splits.findIndex((end) => end > index) - 1;
}

/** Returns the number of values of the longest list. */
function longestOf(splits: Int32Array): number {
  let longest = 0;
  for (let i = 1; i < splits.length; i++) longest = Math.max(longest, splits[i] - splits[i - 1]);
  return longest;
}
