import type { ColumnSchema, NumberType } from './column-schema.ts';

/**
 * Some rows of a table, column by column. The memory layout is that of Apache Arrow, so that
 * conversion to and from Arrow copies nothing. The source of the layout is
 * https://arrow.apache.org/docs/format/Columnar.html.
 */
export interface ColumnBatch {
  readonly schema: ColumnSchema;
  /** Number of rows. Every column has this length. */
  readonly rows: number;
  /** Number of the first row in the source. */
  readonly firstRow: number;
  /** One vector per field of the schema, in the same order. */
  readonly columns: readonly ColumnVector[];
}

/** Values of one column, or the items of its lists. */
export type ColumnVector = NumberVector | BytesVector | ListVector;

/** Elements of a vector, some of which may be null. */
export interface NullableElements {
  /** Number of elements, nulls included. */
  readonly length: number;
  /**
   * Bit `i % 8` of byte `i / 8` is set if element `i` is present. Missing if all elements are.
   * Bits after the last element are zero.
   */
  readonly validity?: Uint8Array | undefined;
}

/** Arrays of numbers, by type. */
export interface NumberArrays {
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly int32: Int32Array;
  readonly float: Float32Array;
  readonly float64: Float64Array;
}

/** Numbers. The value of a null is 0. */
export type NumberVector = {
  readonly [Type in NumberType]: NullableElements & {
    readonly type: Type;
    /** One value per element. */
    readonly values: NumberArrays[Type];
  };
}[NumberType];

/** Byte strings. `text` is UTF-8. */
export interface BytesVector extends NullableElements {
  readonly type: 'bytes' | 'text';
  /** Element `i` is `data[offsets[i], offsets[i + 1])`. There is one more offset than elements. */
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

/** Lists. */
export interface ListVector extends NullableElements {
  readonly type: 'list';
  /** Element `i` is the items from `offsets[i]` up to `offsets[i + 1]`. */
  readonly offsets: Int32Array;
  readonly items: ColumnVector;
}
