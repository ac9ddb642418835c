import type { ImageKind } from '../../messages/image-header.ts';

/** Least and most, both allowed; what is missing is not bounded. */
export interface Bounds<T = number> {
  readonly min?: T;
  readonly max?: T;
}

/** Types of lists that rules are about. */
export type FeatureType = 'int64' | 'float' | 'bytes' | 'float64' | 'int32';

/** Types of records that a schema can describe. */
export type SchemaMessage = 'Example' | 'SequenceExample' | 'ExampleListWithContext' | 'Record' | 'IRHeader';

/** Rules for one feature. A missing rule is not checked. */
export interface FeatureSchema {
  /** Type of its list. Missing where no value was ever seen. `float64` and `int32` are types of tensors in a Record. */
  readonly type?: FeatureType;
  /** Whether every record has it, with a list of its type. Default false. */
  readonly required?: boolean;
  /** Values per list. */
  readonly length?: Bounds;
  /** The tensor that the values are, row by row: nothing more than a length where `length` is missing. `[]` is a scalar. */
  readonly shape?: readonly number[];
  /** Of int64 and finite float values; int64 beyond 2^53 as decimal text. */
  readonly range?: Bounds<number | string>;
  /** Whether float values may be NaN. Default true. */
  readonly nan?: boolean;
  /** Whether float values may be infinite. Default true. */
  readonly infinity?: boolean;
  /** Bytes per value of bytes. */
  readonly bytes?: Bounds;
  /** Whether every value of bytes is UTF-8. */
  readonly utf8?: boolean;
  /** All values that are allowed: texts of a bytes feature, integers of an int64 feature (beyond 2^53 as decimal text). */
  readonly values?: readonly (string | number)[];
  /** Every value of bytes is an image of one of these kinds. */
  readonly images?: readonly ImageKind[];
  /** Pixels, of images. */
  readonly width?: Bounds;
  readonly height?: Bounds;
}

/** Rules for a list of features: those of each step, and how many there are. */
export interface FeatureListSchema extends FeatureSchema {
  /** Steps per record. */
  readonly steps?: Bounds;
}

/**
 * What every record of a data set must hold: a JSON document, which `recordpipe schema` writes, people edit, and `recordpipe validate --schema` checks. Its JSON Schema is
 * `schema/recordpipe-schema.json` in the package.
 */
export interface RecordSchema {
  /** Says what the document is, to people and editors. */
  readonly $schema?: string;
  readonly recordpipeSchema: 1;
  /**
   * Type of the records. The context of a SequenceExample or ExampleListWithContext is `features` here. Fields of a Record
   * and an IRHeader have the names that `recordContent` gives them.
   */
  readonly message: SchemaMessage;
  /** For people. */
  readonly comment?: string;
  readonly features: { readonly [name: string]: FeatureSchema };
  readonly featureLists?: { readonly [name: string]: FeatureListSchema };
  /** Whether features without a rule here are findings. Default `error`. */
  readonly unknownFeatures?: 'error' | 'allow';
}

/** Where the JSON Schema of schemas is. */
export const SCHEMA_ID = 'https://unpkg.com/recordpipe/schema/recordpipe-schema.json';

/** How many values a list has by its rules; undefined where that is not one number. */
export function fixedLength({ length, shape }: FeatureSchema): number | undefined {
  if (length !== undefined) return length.min === length.max ? length.min : undefined;
  return shape?.reduce((product, size) => product * size, 1);
}
