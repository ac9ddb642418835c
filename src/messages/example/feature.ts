/** What kind of values a feature holds. */
export type FeatureKind = 'bytes' | 'float' | 'int64';

/** How integers are given: as they are, as numbers (2^53 - 1 at most, or there is an error), or as numbers where all of a feature can be. */
export type Int64Mode = 'bigint' | 'number' | 'auto';

/** The array of integers that a mode gives. */
export type Int64Values<M extends Int64Mode = Int64Mode> = M extends 'bigint'
  ? BigInt64Array
  : M extends 'number'
    ? Float64Array
    : BigInt64Array | Float64Array;

/** Texts, images, anything in bytes. */
export interface BytesFeature {
  readonly kind: 'bytes';
  readonly value: Uint8Array[];
}

/** 32-bit floats. */
export interface FloatFeature {
  readonly kind: 'float';
  readonly value: Float32Array;
}

/** 64-bit integers. */
export interface Int64Feature<M extends Int64Mode = Int64Mode> {
  readonly kind: 'int64';
  readonly value: Int64Values<M>;
}

/** A feature of which not even the kind was set. */
export interface UnsetFeature {
  readonly kind: 'none';
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

/** A tf.train.SequenceExample: features of the whole, and by name one feature for each step. */
export interface SequenceExample<M extends Int64Mode = Int64Mode> {
  readonly context: Map<string, Feature<M>>;
  readonly featureLists: Map<string, Feature<M>[]>;
}
