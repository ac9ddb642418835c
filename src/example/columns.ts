import { UsageError } from '../errors.ts';
import { beginFor, beyondNumber, type Column, takeValues } from './column.ts';
import { type ValueSink, valueSink } from './column-values.ts';
import type {
  FeatureSpec,
  FixedLenSequenceSpec,
  FixedLenSpec,
  RaggedSpec,
  VarLenSpec,
} from './feature-specs.ts';
import { sizeOfShape } from './feature-specs.ts';
import { KIND_NAMES, NONE } from './feature-walk.ts';
import type { FoundFeatures } from './found-features.ts';
import type { PlanInt64 } from './parsed.ts';
import { sparseColumn } from './sparse-column.ts';

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
