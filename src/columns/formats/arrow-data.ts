/**
 * The parts of the apache-arrow package's objects that recordpipe reads. They are declared here, so
 * that programs that do not have the package can use recordpipe's declarations.
 *
 * @module
 */

/** A RecordBatch of the apache-arrow package. */
export interface ArrowRecordBatch {
  readonly numRows: number;
  readonly schema: ArrowSchema;
  /** A struct, whose children are the columns. */
  readonly data: ArrowData;
}

/** A Schema of the apache-arrow package. */
export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** A Field of the apache-arrow package. */
export interface ArrowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: ArrowType;
}

/** A DataType of the apache-arrow package. Each type has some of the optional properties. */
export interface ArrowType {
  readonly typeId: number;
  readonly children: readonly ArrowField[];
  readonly bitWidth?: number;
  readonly isSigned?: boolean;
  readonly precision?: number;
  readonly byteWidth?: number;
  readonly listSize?: number;
  readonly dictionary?: ArrowType;
}

/**
 * A Data of the apache-arrow package. `offset` counts bits of `nullBitmap`, and of `values` if they
 * are bits. All other arrays start at the first element.
 */
export interface ArrowData {
  readonly type: ArrowType;
  readonly length: number;
  readonly offset: number;
  readonly nullCount: number;
  readonly values: unknown;
  readonly nullBitmap: Uint8Array | undefined;
  readonly valueOffsets: unknown;
  readonly children: readonly ArrowData[];
  readonly dictionary?: { readonly data: readonly ArrowData[] } | undefined;
  readonly variadicBuffers?: readonly Uint8Array[];
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
