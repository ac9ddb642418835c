import type { ColumnSchema, NumberType } from './column-schema.ts';

/**
 * Some rows of a table, column by column. The memory layout is that of Apache Arrow, so that
 * conversion to and from Arrow copies nothing. The source of the layout is
 * https://arrow.apache.org/docs/format/Columnar.html.
 */
export interface ColumnBatch {
  /** The columns. */
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
  /** Signed 64-bit integers. */
  readonly int64: BigInt64Array;
  /** Unsigned 64-bit integers. */
  readonly uint64: BigUint64Array;
  /** Signed 32-bit integers. */
  readonly int32: Int32Array;
  /** 32-bit floats. */
  readonly float: Float32Array;
  /** 64-bit floats. */
  readonly float64: Float64Array;
}

/** Numbers. The value of a null is 0. */
export type NumberVector = {
  readonly [Type in NumberType]: NullableElements & {
    /** Type of the values. */
    readonly type: Type;
    /** One value per element. */
    readonly values: NumberArrays[Type];
  };
}[NumberType];

/** Byte strings. `text` is UTF-8. */
export interface BytesVector extends NullableElements {
  /** Type of the values. */
  readonly type: 'bytes' | 'text';
  /** Element `i` is `data[offsets[i], offsets[i + 1])`. There is one more offset than elements. */
  readonly offsets: Int32Array;
  /** All byte strings, one after the other. */
  readonly data: Uint8Array;
}

/** Lists. */
export interface ListVector extends NullableElements {
  /** Type of the values. */
  readonly type: 'list';
  /** Element `i` is the items from `offsets[i]` up to `offsets[i + 1]`. */
  readonly offsets: Int32Array;
  /** The items of all lists, one list after the other. */
  readonly items: ColumnVector;
}
