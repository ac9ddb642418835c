/**
 * The parts of the apache-arrow package's objects that recordpipe reads. They are declared here, so
 * that programs that do not have the package can use recordpipe's declarations.
 *
 * @module
 */

/** A RecordBatch of the apache-arrow package. */
export interface ArrowRecordBatch {
  /** Number of rows. */
  readonly numRows: number;
  /** The columns. */
  readonly schema: ArrowSchema;
  /** A struct, whose children are the columns. */
  readonly data: ArrowData;
}

/** A Schema of the apache-arrow package. */
export interface ArrowSchema {
  /** The columns, in their order. */
  readonly fields: readonly ArrowField[];
  /** Texts by key. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** A Field of the apache-arrow package. */
export interface ArrowField {
  /** Name of the field. */
  readonly name: string;
  /** Whether elements may be null. */
  readonly nullable: boolean;
  /** Type of the elements. */
  readonly type: ArrowType;
}

/** A DataType of the apache-arrow package. Each type has some of the optional properties. */
export interface ArrowType {
  /** Number of the type in Arrow's format. */
  readonly typeId: number;
  /** Fields of a nested type. */
  readonly children: readonly ArrowField[];
  /** Bits per integer. */
  readonly bitWidth?: number;
  /** Whether integers are signed. */
  readonly isSigned?: boolean;
  /** Precision of floats: half, single or double. */
  readonly precision?: number;
  /** Bytes per element of fixed size. */
  readonly byteWidth?: number;
  /** Items per list of fixed size. */
  readonly listSize?: number;
  /** Type of the values of a dictionary. */
  readonly dictionary?: ArrowType;
}

/**
 * A Data of the apache-arrow package. `offset` counts bits of `nullBitmap`, and of `values` if they
 * are bits. All other arrays start at the first element.
 */
export interface ArrowData {
  /** Type of the elements. */
  readonly type: ArrowType;
  /** Number of elements. */
  readonly length: number;
  /** Number of elements before the first one in bit arrays. */
  readonly offset: number;
  /** Number of nulls; negative if it has not been counted. */
  readonly nullCount: number;
  /** Values, bytes or indices, depending on the type. */
  readonly values: unknown;
  /** One bit per element, which is set if the element is present. */
  readonly nullBitmap: Uint8Array | undefined;
  /** Starts of the elements of variable size, and the end of the last one. */
  readonly valueOffsets: unknown;
  /** Data of the child types. */
  readonly children: readonly ArrowData[];
  /** The dictionary to which the values refer. */
  readonly dictionary?: { readonly data: readonly ArrowData[] } | undefined;
  /** Buffers of views. */
  readonly variadicBuffers?: readonly Uint8Array[];
  /** Returns some of the elements, without copying them. */
  slice(offset: number, length: number): ArrowData;
}

/** Values of `ArrowType.typeId` (https://github.com/apache/arrow/blob/main/format/Schema.fbs). */
export const ARROW_TYPE = {
  dictionary: -1,
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  union: 14,
  fixedSizeBinary: 15,
  fixedSizeList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
  binaryView: 23,
  utf8View: 24,
} as const;
