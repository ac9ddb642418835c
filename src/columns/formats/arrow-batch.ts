import type { Data, DataType, RecordBatch, Schema } from 'apache-arrow';
import type { ColumnBatch, ColumnVector, NullableElements } from '../../messages/columns/column-batch.ts';
import {
  COLUMN_SCHEMA_KEY,
  type ColumnSchema,
  type ColumnType,
} from '../../messages/columns/column-schema.ts';
import { optionalPackage } from './optional-package.ts';

/** The apache-arrow package. */
export type ArrowPackage = typeof import('apache-arrow');

/** Imports apache-arrow on first use. @throws RecordpipeError `missing-package` */
export function arrowPackage(): Promise<ArrowPackage> {
  return optionalPackage('Arrow and Parquet files need', ['apache-arrow'], () => import('apache-arrow'));
}

/** Returns the Arrow schema of columns. */
export function arrowSchema(arrow: ArrowPackage, schema: ColumnSchema): Schema {
  const fields = schema.fields.map(
    ({ name, type, nullable }) => new arrow.Field(name, dataType(arrow, type), nullable),
  );
  return new arrow.Schema(fields, new Map([[COLUMN_SCHEMA_KEY, JSON.stringify(schema)]]));
}

function dataType(arrow: ArrowPackage, type: ColumnType): DataType {
  switch (type.type) {
    case 'int64':
      return new arrow.Int64();
    case 'uint64':
      return new arrow.Uint64();
    case 'int32':
      return new arrow.Int32();
    case 'float':
      return new arrow.Float32();
    case 'float64':
      return new arrow.Float64();
    case 'bytes':
      return new arrow.Binary();
    case 'text':
      return new arrow.Utf8();
    case 'list':
      // Other writers make items nullable too. Types that differ only in this are not equal.
      return new arrow.List(new arrow.Field('item', dataType(arrow, type.items), true));
  }
}

/** Returns the rows of a batch with the schema from {@link arrowSchema}. Copies nothing. */
export function recordBatch(arrow: ArrowPackage, schema: Schema, batch: ColumnBatch): RecordBatch {
  const children = batch.columns.map((column, i) => arrowData(arrow, schema.fields[i].type, column));
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length: batch.rows, nullCount: 0, children }));
}

function arrowData(arrow: ArrowPackage, type: DataType, vector: ColumnVector): Data {
  const { length } = vector;
  const nulls = { length, nullBitmap: vector.validity ?? null, nullCount: nullCountOf(vector) };
  switch (vector.type) {
    case 'list': {
      const child = arrowData(arrow, type.children[0].type, vector.items);
      return arrow.makeData({ type: type as never, ...nulls, valueOffsets: vector.offsets, child });
    }
    case 'bytes':
    case 'text':
      return arrow.makeData({
        type: type as never,
        ...nulls,
        valueOffsets: vector.offsets,
        data: vector.data as never,
      });
    default:
      return arrow.makeData({ type: type as never, ...nulls, data: vector.values as never });
  }
}

function nullCountOf({ length, validity }: NullableElements): number {
  if (validity === undefined) return 0;
  let present = 0;
  for (let i = 0; i < length; i += 8) {
    let bits = validity[i >> 3];
    if (bits === 0xff) present += 8;
    else for (; bits !== 0; bits &= bits - 1) present++;
  }
  return length - present;
}
