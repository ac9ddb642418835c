import type { ImageKind } from '../../messages/image-header.ts';

/** Minimum and maximum, both inclusive. A missing bound imposes no limit. */
export interface Bounds<T = number> {
  /** Minimum. */
  readonly min?: T;
  /** Maximum. */
  readonly max?: T;
}

/** Types of lists. */
export type FeatureType = 'int64' | 'float' | 'bytes' | 'float64' | 'int32';

/** Types of records that a schema can describe. */
export type SchemaMessage = 'Example' | 'SequenceExample' | 'ExampleListWithContext' | 'Record' | 'IRHeader';

/** Rules for one feature. A missing rule is not checked. */
export interface FeatureSchema {
  /**
   * Type of the feature's list. Missing if no value was seen. `float64` and `int32` are types of
   * tensors in a Record.
   */
  readonly type?: FeatureType;
  /** Whether every record must have the feature, with a list of its type. Default false. */
  readonly required?: boolean;
  /** Number of values per list. */
  readonly length?: Bounds;
  /**
   * Shape of the values as a tensor, in row-major order. If `length` is missing, the shape is
   * checked as a length. `[]` is a scalar.
   */
  readonly shape?: readonly number[];
  /** Range of int64 and finite float values. Integers beyond 2^53 are decimal strings. */
  readonly range?: Bounds<number | string>;
  /** Whether float values may be NaN. Default true. */
  readonly nan?: boolean;
  /** Whether float values may be infinite. Default true. */
  readonly infinity?: boolean;
  /** Length of each bytes value, in bytes. */
  readonly bytes?: Bounds;
  /** Whether every bytes value must be UTF-8. */
  readonly utf8?: boolean;
  /**
   * Allowed values: strings for a bytes feature, integers for an int64 feature. Integers beyond
   * 2^53 are decimal strings.
   */
  readonly values?: readonly (string | number)[];
  /** Allowed kinds of images. Every value must be an image of one of these kinds. */
  readonly images?: readonly ImageKind[];
  /** Width of images in pixels. */
  readonly width?: Bounds;
  /** Limits of the height of images, in pixels. */
  readonly height?: Bounds;
}

/** Rules for a feature list: for each step, and for the number of steps. */
export interface FeatureListSchema extends FeatureSchema {
  /** Number of steps per record. */
  readonly steps?: Bounds;
}

/**
 * Rules for every record of a data set. A schema is a JSON document that `recordpipe schema`
 * writes, that you can edit, and that `recordpipe validate --schema` applies to records. Its JSON
 * Schema is `schema/recordpipe-schema.json` in the package.
 */
export interface RecordSchema {
  /** Location of the JSON Schema, which identifies the document to people and editors. */
  readonly $schema?: string;
  /** Version of this layout. */
  readonly recordpipeSchema: 1;
  /**
   * Type of the records. `features` contains the context of a SequenceExample or
   * ExampleListWithContext. Fields of a Record and of an IRHeader have the names that
   * `recordContent` gives them.
   */
  readonly message: SchemaMessage;
  /** A note that is not checked. */
  readonly comment?: string;
  /** Rules of the features, by name. */
  readonly features: { readonly [name: string]: FeatureSchema };
  /** Rules of the feature lists, by name. */
  readonly featureLists?: { readonly [name: string]: FeatureListSchema };
  /** Whether features without rules are findings (`error`) or not (`allow`). Default `error`. */
  readonly unknownFeatures?: 'error' | 'allow';
}

/** Location of the JSON Schema of this document. */
export const SCHEMA_ID = 'https://unpkg.com/recordpipe/schema/recordpipe-schema.json';

/** Returns the number of values per list if the rules fix it, otherwise undefined. */
export function fixedLength({ length, shape }: FeatureSchema): number | undefined {
  if (length !== undefined) return length.min === length.max ? length.min : undefined;
  return shape?.reduce((product, size) => product * size, 1);
}
