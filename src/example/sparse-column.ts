import { UsageError } from '../errors.ts';
import { beginFor, beyondNumber, type Column, takeValues } from './column.ts';
import type { ValueSink } from './column-values.ts';
import { valueSink } from './column-values.ts';
import type { SparseSpec } from './feature-specs.ts';
import type { FoundFeatures } from './found-features.ts';

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
