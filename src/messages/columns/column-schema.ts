/** Types of numbers. */
export type NumberType = 'int64' | 'uint64' | 'int32' | 'float' | 'float64';

/** Type of the values of a column. */
export type ColumnType =
  | {
      /** Type of the values. */
      readonly type: NumberType | 'bytes' | 'text';
    }
  | {
      /** Type of the values. */
      readonly type: 'list';
      /** Type of the items. */
      readonly items: ColumnType;
    };

/** Record types that columns can represent exactly. */
export type ColumnMessage = 'Example' | 'SequenceExample' | 'Record';

/** Part of a record that a column contains. */
export type ColumnPart =
  /** A feature of an Example, or of the context of a SequenceExample: a value or a list. */
  | 'feature'
  /** A feature list of a SequenceExample: a list of lists. */
  | 'featureList'
  /**
   * Names of the features of the record that are present and have no kind: a list of text, sorted.
   * Such a feature is neither missing nor an empty list. The column exists only if there are any. The
   * names of a Record begin with `features/` or `label/`.
   */
  | 'unsetFeatures'
  /**
   * The values, keys or shape of a tensor of a Record (SageMaker's recordio-protobuf). Keys and
   * shapes without numbers are null, because a Record does not distinguish them from missing ones.
   */
  | 'featureValues'
  | 'featureKeys'
  | 'featureShape'
  /** Media type of a value of bytes of a Record. */
  | 'featureContentType'
  | 'labelContentType'
  | 'labelValues'
  | 'labelKeys'
  | 'labelShape'
  /** Texts of a Record. */
  | 'uid'
  | 'metadata'
  | 'configuration';

/** Name and type of a column, and the part of a record that the column contains. */
export interface ColumnField {
  /** Name of the column. No two columns of a schema have the same name. */
  readonly name: string;
  /** Type of the values. */
  readonly type: ColumnType;
  /** Whether the column may contain nulls. Null means that the record does not have the part. */
  readonly nullable: boolean;
  /** Part of the record. */
  readonly part: ColumnPart;
  /** Name of the feature, feature list or tensor; missing if the part has no name. */
  readonly of?: string;
}

/**
 * The columns of a record table. The schema is stored as JSON in the metadata of Arrow and Parquet
 * files, under the key {@link COLUMN_SCHEMA_KEY}, so that the records can be restored exactly.
 */
export interface ColumnSchema {
  /** Version of this layout. */
  readonly recordpipeColumns: 1;
  /** Record type. */
  readonly message: ColumnMessage;
  /** The columns, in table order. */
  readonly fields: readonly ColumnField[];
}

/** Key of the column schema in the metadata of Arrow and Parquet files. */
export const COLUMN_SCHEMA_KEY = 'recordpipe';
