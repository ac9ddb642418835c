import { UsageError } from '../../errors.ts';
import { type ValueSink, valueSink } from './column-values.ts';
import {
  type FeatureSpec,
  type FixedLenSequenceSpec,
  type FixedLenSpec,
  type RaggedSpec,
  type SparseSpec,
  sizeOfShape,
  type VarLenSpec,
} from './feature-specs.ts';
import { KIND_NAMES, NONE } from './feature-walk.ts';
import type { FoundFeatures } from './found-features.ts';
import type { PlanInt64 } from './parsed.ts';

/** Makes of the features that were found what the user wants of one name. */
export interface Column {
  /** Of all records. */
  batch(found: FoundFeatures): unknown;
  /** Of the only record. */
  single(found: FoundFeatures): unknown;
}

/** Takes the values of one feature of one record behind `to`. */
export function takeValues(
  found: FoundFeatures,
  record: number,
  slot: number,
  sink: ValueSink,
  to: number,
): number {
  try {
    return found.open(record, slot, sink.kind) ? sink.take(found, to) : to;
  } catch (error) {
    throw found.explained(error, record, slot);
  }
}

/** Room for all values that the lists of a slot can have. */
export function beginFor(found: FoundFeatures, slot: number, sink: ValueSink): void {
  let bytes = 0;
  for (let record = 0; record < found.records; record++) bytes += found.length(record, slot);
  sink.begin(sink.most(bytes));
}

/** Of an integer beyond what a number holds, in the record whose values end behind it. */
export function beyondNumber(
  found: FoundFeatures,
  slot: number,
  recordOf: (index: number) => number,
): (index: number, value: bigint) => Error {
  return (index, value) =>
    found.mismatch(
      recordOf(index),
      slot,
      `wanted integers of at most 2^53 - 1 as numbers, found ${value}; int64: 'bigint' takes it`,
    );
}

/** Values at places that other features name. */
export function sparseColumn(
  spec: SparseSpec,
  sink: ValueSink,
  slot: number,
  indexSlots: readonly number[],
): Column {
  const rank = indexSlots.length;
  const indexSinks = spec.indexKeys.map((name) =>
    valueSink(JSON.stringify(name), 'int64', 'bigint', undefined),
  );

  /** Values as they come, and the places of each, one row of `rank` numbers after another. */
  const gathered = (found: FoundFeatures): { values: unknown; splits: Int32Array; places: Int32Array } => {
    const { records } = found;
    const splits = new Int32Array(records + 1);
    beginFor(found, slot, sink);
    let to = 0;
    for (let record = 0; record < records; record++) {
      to = takeValues(found, record, slot, sink, to);
      splits[record + 1] = to;
    }
    const recordOf = (index: number): number => splits.findIndex((end) => end > index) - 1;
    const places = new Int32Array(rank * to);
    for (let d = 0; d < rank; d++) indicesInto(found, d, splits, places);
    return { values: sink.finish(to, beyondNumber(found, slot, recordOf)), splits, places };
  };

  function indicesInto(found: FoundFeatures, d: number, splits: Int32Array, places: Int32Array): void {
    const indexSlot = indexSlots[d];
    const indexSink = indexSinks[d];
    beginFor(found, indexSlot, indexSink);
    let to = 0;
    for (let record = 0; record < found.records; record++) {
      to = takeValues(found, record, indexSlot, indexSink, to);
      if (to === splits[record + 1]) continue;
      const [values, indices] = [splits[record + 1] - splits[record], to - splits[record]];
      throw found.mismatch(
        record,
        indexSlot,
        `wanted an index for each of ${values} values of ${JSON.stringify(spec.valueKey)}, found ${indices}`,
      );
    }
    const indices = indexSink.finish(to, () => new UsageError('unreachable')) as BigInt64Array;
    const size = spec.sizes[d];
    for (let i = 0; i < to; i++) {
      const index = Number(indices[i]);
      if (index < 0 || index >= size) {
        const record = splits.findIndex((end) => end > i) - 1;
        throw found.mismatch(record, indexSlot, `wanted indices from 0 to ${size - 1}, found ${indices[i]}`);
      }
      places[rank * i + d] = index;
    }
  }

  /** Numbers of the values in the order of their places, record by record; equal ones stay as they are. */
  const sorted = (splits: Int32Array, places: Int32Array): number[] => {
    const order: number[] = [];
    for (let record = 0; record + 1 < splits.length; record++) {
      const mine = Array.from({ length: splits[record + 1] - splits[record] }, (_, i) => splits[record] + i);
      if (!spec.alreadySorted) mine.sort((a, b) => comparePlaces(places, rank, a, b) || a - b);
      for (const one of mine) order.push(one);
    }
    return order;
  };

  const built = (found: FoundFeatures, withRecord: boolean): unknown => {
    const { values, splits, places } = gathered(found);
    const order = sorted(splits, places);
    const width = rank + (withRecord ? 1 : 0);
    const indices = new Int32Array(width * order.length);
    let record = 0;
    let to = 0;
    for (const [i, from] of order.entries()) {
      while (splits[record + 1] <= i) record++;
      if (withRecord) indices[to++] = record;
      for (let d = 0; d < rank; d++) indices[to++] = places[rank * from + d];
    }
    const shape = withRecord ? [found.records, ...spec.sizes] : [...spec.sizes];
    return { indices, values: picked(values, order), shape };
  };
  return { batch: (found) => built(found, true), single: (found) => built(found, false) };
}

function comparePlaces(places: Int32Array, rank: number, a: number, b: number): number {
  for (let d = 0; d < rank; d++) {
    const difference = places[rank * a + d] - places[rank * b + d];
    if (difference !== 0) return difference;
  }
  return 0;
}

function picked(values: unknown, order: readonly number[]): unknown {
  if (Array.isArray(values)) return order.map((i) => values[i]);
  const from = values as BigInt64Array;
  const into = from.slice();
  for (const [to, i] of order.entries()) into[to] = from[i];
  return into;
}

/**
 * The column of a spec. `slotOf` gives the slot of a name in the record. `reuse` is for those whose arrays are not made of others of the same sink.
 */
export function columnOf(
  name: string,
  spec: FeatureSpec,
  int64: PlanInt64,
  slotOf: (name: string) => number,
  reuse = false,
): Column {
  const what = JSON.stringify(name);
  switch (spec.type) {
    case 'fixedLen':
      return fixedLenColumn(spec, valueSink(what, spec.kind, int64, spec.defaultValue, reuse), slotOf(name));
    case 'fixedLenSequence':
      return sequenceColumn(spec, valueSink(what, spec.kind, int64, spec.defaultValue), slotOf(name));
    case 'varLen':
      return varLenColumn(spec, valueSink(what, spec.kind, int64, undefined, reuse), slotOf(name));
    case 'ragged':
      return raggedColumn(
        spec,
        valueSink(what, spec.kind, int64, undefined, reuse),
        slotOf(spec.valueKey ?? name),
      );
    case 'sparse':
      return sparseColumn(
        spec,
        valueSink(what, spec.kind, int64, undefined),
        slotOf(spec.valueKey),
        spec.indexKeys.map(slotOf),
      );
    default:
      throw new UsageError(`${what}: expected a spec (fixedLen, varLen, …), got ${JSON.stringify(spec)}`);
  }
}

function fixedLenColumn(spec: FixedLenSpec, sink: ValueSink, slot: number): Column {
  const size = sizeOfShape(spec.shape);
  const hasDefault = spec.defaultValue !== undefined;
  const isScalar = spec.shape.length === 0;
  const kind = KIND_NAMES[sink.kind];
  /** Puts the values of all records into the sink; gives how many. */
  const gather = (found: FoundFeatures): number => {
    const { records } = found;
    sink.begin(records * size);
    let to = 0;
    for (let record = 0; record < records; record++) {
      const from = to;
      to = takeValues(found, record, slot, sink, from);
      if (to === from + size && size > 0) continue;
      if (found.kind(record, slot) !== NONE) {
        if (to !== from + size)
          throw found.mismatch(record, slot, `wanted ${size} values of kind ${kind}, found ${to - from}`);
      } else if (hasDefault || size === 0) {
        to = from + size;
        sink.fill(from, to);
      } else {
        throw found.mismatch(
          record,
          slot,
          `wanted ${size} values of kind ${kind}, found no such feature, and there is no default`,
        );
      }
    }
    return to;
  };
  const beyond = (found: FoundFeatures): ReturnType<typeof beyondNumber> =>
    beyondNumber(found, slot, (index) => Math.floor(index / size));
  const values = (found: FoundFeatures): unknown => sink.finish(gather(found), beyond(found));
  const one = (found: FoundFeatures): unknown => {
    gather(found);
    return sink.finishOne(beyond(found));
  };
  return {
    batch: (found) => ({ values: values(found), shape: [found.records, ...spec.shape] }),
    single: isScalar ? one : values,
  };
}

function sequenceColumn(spec: FixedLenSequenceSpec, sink: ValueSink, slot: number): Column {
  const size = sizeOfShape(spec.shape);
  const plain = listColumn(sink, slot, (found, record, count) => {
    if (count % size === 0) return;
    throw found.mismatch(record, slot, `wanted groups of ${size} values, found ${count} values`);
  });
  return {
    single: (found) => plain(found).values,
    batch(found) {
      const { values, splits } = plain(found);
      const { records } = found;
      let longest = 0;
      for (let i = 0; i < records; i++) longest = Math.max(longest, splits[i + 1] - splits[i]);
      const shape = [records, longest / size, ...spec.shape];
      if (splits[records] === records * longest) return { values, shape };
      const total = records * longest;
      if (total > MAX_VALUES) {
        throw new UsageError(
          `records: expected columns of at most 2^31 - 1 values, got ${records} rows of ${longest}: batch fewer records`,
        );
      }
      return { values: padded(sink, values, splits, longest, records), shape };
    },
  };
}

const MAX_VALUES = 2 ** 31 - 1;

/** Rows filled up to the longest. */
function padded(
  sink: ValueSink,
  values: unknown,
  splits: Int32Array,
  longest: number,
  records: number,
): unknown {
  sink.begin(records * longest);
  sink.fill(0, records * longest);
  const filled = sink.finish(
    records * longest,
    () => new UsageError('defaultValue: expected at most 2^53 - 1'),
  );
  if (Array.isArray(values)) {
    const into = filled as unknown[];
    for (let i = 0; i < records; i++)
      for (let k = splits[i]; k < splits[i + 1]; k++) into[i * longest + k - splits[i]] = values[k];
    return into;
  }
  const from = values as Float32Array;
  const into = filled as Float32Array;
  for (let i = 0; i < records; i++) into.set(from.subarray(splits[i], splits[i + 1]), i * longest);
  return into;
}

/** The values of all records, and where those of each begin. */
function listColumn(
  sink: ValueSink,
  slot: number,
  check?: (found: FoundFeatures, record: number, count: number) => void,
): (found: FoundFeatures) => { values: unknown; splits: Int32Array } {
  return (found) => {
    const { records } = found;
    const splits = new Int32Array(records + 1);
    beginFor(found, slot, sink);
    let to = 0;
    for (let record = 0; record < records; record++) {
      const from = to;
      to = takeValues(found, record, slot, sink, from);
      check?.(found, record, to - from);
      splits[record + 1] = to;
    }
    const recordOf = (index: number): number => splits.findIndex((end) => end > index) - 1;
    return { values: sink.finish(to, beyondNumber(found, slot, recordOf)), splits };
  };
}

function varLenColumn(_spec: VarLenSpec, sink: ValueSink, slot: number): Column {
  const plain = listColumn(sink, slot);
  return {
    single: (found) => plain(found).values,
    batch(found) {
      const { values, splits } = plain(found);
      const { records } = found;
      const indices = new Int32Array(2 * splits[records]);
      let longest = 0;
      let to = 0;
      for (let record = 0; record < records; record++) {
        const count = splits[record + 1] - splits[record];
        if (count > longest) longest = count;
        for (let i = 0; i < count; i++) {
          indices[to++] = record;
          indices[to++] = i;
        }
      }
      return { indices, values, shape: [records, longest] };
    },
  };
}

function raggedColumn(_spec: RaggedSpec, sink: ValueSink, slot: number): Column {
  const plain = listColumn(sink, slot);
  return {
    single: (found) => plain(found).values,
    batch(found) {
      const { values, splits } = plain(found);
      return { values, rowSplits: splits };
    },
  };
}
