/** Kind of values in a feature. */
export type FeatureKind = 'bytes' | 'float' | 'int64';

/**
 * Form in which integers are returned: exactly (`bigint`), as numbers (`number`: an integer beyond
 * 2^53 - 1 is an error), or as numbers only for features whose integers all fit (`auto`).
 */
export type Int64Mode = 'bigint' | 'number' | 'auto';

/** Type of the array of integers for a mode. */
export type Int64Values<M extends Int64Mode = Int64Mode> = M extends 'bigint'
  ? BigInt64Array
  : M extends 'number'
    ? Float64Array
    : BigInt64Array | Float64Array;

/** A feature of strings, images or other bytes. */
export interface BytesFeature {
  /** Type of the list. */
  readonly kind: 'bytes';
  /** The values. */
  readonly value: Uint8Array[];
}

/** A feature of 32-bit floats. */
export interface FloatFeature {
  /** Type of the list. */
  readonly kind: 'float';
  /** The values. */
  readonly value: Float32Array;
}

/** A feature of 64-bit integers. */
export interface Int64Feature<M extends Int64Mode = Int64Mode> {
  /** Type of the list. */
  readonly kind: 'int64';
  /** The values. */
  readonly value: Int64Values<M>;
}

/** A feature without a list. */
export interface UnsetFeature {
  /** The feature has no list. */
  readonly kind: 'none';
  /** Always empty. */
  readonly value: readonly never[];
}

/** One feature of an Example: a list of values of one kind. */
export type Feature<M extends Int64Mode = Int64Mode> =
  | BytesFeature
  | FloatFeature
  | Int64Feature<M>
  | UnsetFeature;

/** A tf.train.Example: features by name, in the order of the record. */
export type Example<M extends Int64Mode = Int64Mode> = Map<string, Feature<M>>;

/**
 * A tf.train.SequenceExample: the features of its context and, by the name of each feature list,
 * one feature per step.
 */
export interface SequenceExample<M extends Int64Mode = Int64Mode> {
  /** Features of the context. */
  readonly context: Map<string, Feature<M>>;
  /** The feature lists, with one feature per step. */
  readonly featureLists: Map<string, Feature<M>[]>;
}
