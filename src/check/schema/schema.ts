import type { ImageKind } from '../../messages/image-header.ts';

/** Minimum and maximum, both inclusive; a missing one does not limit. */
export interface Bounds<T = number> {
  readonly min?: T;
  readonly max?: T;
}

/** Types of lists. */
export type FeatureType = 'int64' | 'float' | 'bytes' | 'float64' | 'int32';

/** Types of records that a schema can describe. */
export type SchemaMessage = 'Example' | 'SequenceExample' | 'ExampleListWithContext' | 'Record' | 'IRHeader';

/** Rules for one feature. A missing rule is not checked. */
export interface FeatureSchema {
  /**
   * Type of its list. Missing if no value was seen. `float64` and `int32` are types of tensors in a
   * Record.
   */
  readonly type?: FeatureType;
  /** Whether every record has it, with a list of its type. Default false. */
  readonly required?: boolean;
  /** Values per list. */
  readonly length?: Bounds;
  /**
   * Shape of the values as a tensor, in row-major order; it is checked as a length if `length` is
   * missing. `[]` is a scalar.
   */
  readonly shape?: readonly number[];
  /** Range of int64 and finite float values; int64 beyond 2^53 as decimal text. */
  readonly range?: Bounds<number | string>;
  /** Whether float values may be NaN. Default true. */
  readonly nan?: boolean;
  /** Whether float values may be infinite. Default true. */
  readonly infinity?: boolean;
  /** Bytes per value of bytes. */
  readonly bytes?: Bounds;
  /** Whether every value of bytes is UTF-8. */
  readonly utf8?: boolean;
  /**
   * The allowed values: texts of a bytes feature, integers of an int64 feature (beyond 2^53 as
   * decimal text).
   */
  readonly values?: readonly (string | number)[];
  /** Allowed kinds of images. Every value must be an image of one of them. */
  readonly images?: readonly ImageKind[];
  /** Pixels of images. */
  readonly width?: Bounds;
  readonly height?: Bounds;
}

/** Rules for a feature list: for each step, and for the number of steps. */
export interface FeatureListSchema extends FeatureSchema {
  /** Steps per record. */
  readonly steps?: Bounds;
}

/**
 * Rules for every record of a data set: a JSON document that `recordpipe schema` writes, that you
 * edit, and that `recordpipe validate --schema` checks. Its JSON Schema is
 * `schema/recordpipe-schema.json` in the package.
 */
export interface RecordSchema {
  /** Identifies the document for people and editors. */
  readonly $schema?: string;
  readonly recordpipeSchema: 1;
  /**
   * Type of the records. The context of a SequenceExample or ExampleListWithContext is `features`
   * here. Fields of a Record and an IRHeader have the names of `recordContent`.
   */
  readonly message: SchemaMessage;
  /** A note that is not checked. */
  readonly comment?: string;
  readonly features: { readonly [name: string]: FeatureSchema };
  readonly featureLists?: { readonly [name: string]: FeatureListSchema };
  /** How to treat features without rules: as findings, or not. Default `error`. */
  readonly unknownFeatures?: 'error' | 'allow';
}

/** Location of the JSON Schema of this document. */
export const SCHEMA_ID = 'https://unpkg.com/recordpipe/schema/recordpipe-schema.json';

/** The number of values per list if the rules fix it; else undefined. */
export function fixedLength({ length, shape }: FeatureSchema): number | undefined {
  if (length !== undefined) return length.min === length.max ? length.min : undefined;
  return shape?.reduce((product, size) => product * size, 1);
}
