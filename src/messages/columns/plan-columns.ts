import { UsageError } from '../../errors.ts';
import { planInternals } from '../example/compile-features.ts';
import type { FeatureSpec } from '../example/feature-specs.ts';
import type { BytesVector, ColumnBatch, ColumnVector, NumberVector } from './column-batch.ts';
import type { ColumnField, ColumnSchema, ColumnType } from './column-schema.ts';

/** A column that a plan returns. */
interface PlanColumn {
  readonly values: Float32Array | Float64Array | BigInt64Array | readonly (Uint8Array | string)[];
  readonly shape?: readonly number[];
  readonly rowSplits?: Int32Array;
  readonly indices?: Int32Array;
}

/**
 * Returns a function that converts the batches of a plan to column batches, which share the memory of
 * numbers. A feature with a shape is a list of its values in row-major order.
 *
 * @throws UsageError for a `sparse` spec, whose positions are not a list
 */
export function planColumns(plan: unknown): (batch: object) => ColumnBatch {
  const entries = Object.entries(planInternals(plan).specs);
  for (const [name, { type }] of entries)
    if (type === 'sparse')
      throw new UsageError(
        `column ${JSON.stringify(name)}: expected fixedLen, varLen, ragged or fixedLenSequence, got sparse`,
      );
  let schema: ColumnSchema | undefined;
  return (batch) => {
    const given = batch as { readonly [name: string]: PlanColumn };
    const columns = entries.map(([name, spec]) => vectorOf(given[name], spec));
    schema ??= {
      recordpipeColumns: 1,
      message: 'Example',
      fields: entries.map(([name, spec], i) => fieldOf(name, spec, columns[i])),
    };
    return { schema, rows: columns[0]?.length ?? 0, firstRow: 0, columns };
  };
}

function fieldOf(name: string, spec: FeatureSpec, vector: ColumnVector): ColumnField {
  const of = spec.type === 'ragged' ? (spec.valueKey ?? name) : name;
  return { name, type: typeOf(vector), nullable: false, part: 'feature', of };
}

function typeOf(vector: ColumnVector): ColumnType {
  return vector.type === 'list' ? { type: 'list', items: typeOf(vector.items) } : { type: vector.type };
}

function vectorOf({ values, shape, rowSplits, indices }: PlanColumn, spec: FeatureSpec): ColumnVector {
  const items = itemsOf(values, spec);
  if (rowSplits !== undefined) return listOf(rowSplits, items);
  const [rows = 0, ...rest] = shape ?? [];
  const offsets = new Int32Array(rows + 1);
  if (indices !== undefined) {
    // The position of each value begins with its row.
    for (let i = 0; i < indices.length; i += 2) offsets[indices[i] + 1]++;
    for (let row = 0; row < rows; row++) offsets[row + 1] += offsets[row];
  } else {
    if (rest.length === 0) return items;
    const size = rest.reduce((product, dimension) => product * dimension, 1);
    for (let row = 0; row <= rows; row++) offsets[row] = row * size;
  }
  return listOf(offsets, items);
}

function listOf(offsets: Int32Array, items: ColumnVector): ColumnVector {
  return { type: 'list', length: offsets.length - 1, offsets, items };
}

function itemsOf(values: PlanColumn['values'], { kind }: FeatureSpec): NumberVector | BytesVector {
  const { length } = values;
  if (values instanceof Float32Array) return { type: 'float', length, values };
  if (values instanceof Float64Array) return { type: 'float64', length, values };
  if (values instanceof BigInt64Array) return { type: 'int64', length, values };
  const bytes = values.map((one) => (typeof one === 'string' ? utf8.encode(one) : one));
  const offsets = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) offsets[i + 1] = offsets[i] + bytes[i].length;
  const data = new Uint8Array(offsets[length]);
  for (let i = 0; i < length; i++) data.set(bytes[i], offsets[i]);
  return { type: kind === 'text' ? 'text' : 'bytes', length, offsets, data };
}

const utf8 = new TextEncoder();
