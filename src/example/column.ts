import type { ValueSink } from './column-values.ts';
import type { FoundFeatures } from './found-features.ts';

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
