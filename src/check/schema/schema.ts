import type { ImageKind } from '../../messages/image-header.ts';

/** Minimum and maximum, both inclusive. A missing bound imposes no limit. */
export interface Bounds<T = number> {
  /** Minimum. */
  readonly min?: T;
  /** Maximum. */
  readonly max?: T;
}

/** Types of the values of a feature. */
export type FeatureType = 'int64' | 'float' | 'bytes' | 'float64' | 'int32';

/** Record types that a schema can describe. */
export type SchemaMessage = 'Example' | 'SequenceExample' | 'ExampleListWithContext' | 'Record' | 'IRHeader';

/** Rules for one feature. A missing rule is not checked. */
export interface FeatureSchema {
  /**
   * Type of the values of the feature. Missing if no value was found. Only tensors in a Record have
   * the types `float64` and `int32`.
   */
  readonly type?: FeatureType;
  /** Whether every record must have the feature with a list of type `type`. Default: false. */
  readonly required?: boolean;
  /** Allowed number of values per list. */
  readonly length?: Bounds;
  /**
   * Shape of the values as a tensor in row-major order. `[]` means a scalar. If `length` is
   * missing, the number of values in a list must equal the product of the dimensions.
   */
  readonly shape?: readonly number[];
  /**
   * Allowed range of int64 values and finite float values. Integers beyond 2^53 are decimal
   * strings.
   */
  readonly range?: Bounds<number | string>;
  /** Whether float values may be NaN. Default: true. */
  readonly nan?: boolean;
  /** Whether float values may be infinite. Default: true. */
  readonly infinity?: boolean;
  /** Allowed size of each value of a bytes feature, in bytes. */
  readonly bytes?: Bounds;
  /** Whether every value of a bytes feature must be valid UTF-8. */
  readonly utf8?: boolean;
  /**
   * Allowed values: strings for a bytes feature, integers for an int64 feature. Integers beyond
   * 2^53 are decimal strings.
   */
  readonly values?: readonly (string | number)[];
  /** Allowed kinds of images. Every value must be an image of one of these kinds. */
  readonly images?: readonly ImageKind[];
  /** Allowed width of images, in pixels. */
  readonly width?: Bounds;
  /** Allowed height of images, in pixels. */
  readonly height?: Bounds;
}

/** Rules for each step of a feature list, and for the number of steps. */
export interface FeatureListSchema extends FeatureSchema {
  /** Number of steps per record. */
  readonly steps?: Bounds;
}

/**
 * Rules for every record of a data set. A schema is a JSON document, which you can edit.
 * `recordpipe schema` writes a schema, and `recordpipe validate --schema` checks records against a
 * schema. The JSON Schema for these documents is `schema/recordpipe-schema.json` in the package.
 */
export interface RecordSchema {
  /** Address of the JSON Schema, for human readers and editors. */
  readonly $schema?: string;
  /** Version of this layout. */
  readonly recordpipeSchema: 1;
  /**
   * Record type. `features` contains the context of a SequenceExample or ExampleListWithContext.
   * Fields of a Record and of an IRHeader have the names that `recordContent` gives them.
   */
  readonly message: SchemaMessage;
  /** A comment for human readers. recordpipe ignores it. */
  readonly comment?: string;
  /** Rules for the features, by feature name. */
  readonly features: { readonly [name: string]: FeatureSchema };
  /** Rules for the feature lists, by feature list name. */
  readonly featureLists?: { readonly [name: string]: FeatureListSchema };
  /**
   * How to treat features that are not in the schema: `error` reports each as a finding, `allow`
   * accepts them. Default: `error`.
   */
  readonly unknownFeatures?: 'error' | 'allow';
}

/** Location of the JSON Schema of this document. */
export const SCHEMA_ID = 'https://unpkg.com/recordpipe/schema/recordpipe-schema.json';

/** Returns the number of values per list if the rules fix it, otherwise undefined. */
export function fixedLength({ length, shape }: FeatureSchema): number | undefined {
  if (length !== undefined) return length.min === length.max ? length.min : undefined;
  return shape?.reduce((product, size) => product * size, 1);
}
