/** How keys and shapes are given: as numbers (2^53 - 1 at most, or there is an error), or as they are. */
export type Uint64Mode = 'number' | 'bigint';

/** The array of unsigned 64-bit integers that a mode gives. */
export type Uint64Values<M extends Uint64Mode = Uint64Mode> = M extends 'number'
  ? Float64Array
  : BigUint64Array;

/** Where the values of a tensor stand. */
export interface TensorPlaces<M extends Uint64Mode = Uint64Mode> {
  /** Of a sparse tensor, which element each value is, counted through the last dimension first; empty where it is dense, or has no values. */
  readonly keys: Uint64Values<M>;
  /** Its dimensions; empty where none are said, as in the dense vectors that the SageMaker SDK writes. */
  readonly shape: Uint64Values<M>;
}

/** A tensor of 32-bit floats. */
export interface Float32Tensor<M extends Uint64Mode = Uint64Mode> extends TensorPlaces<M> {
  readonly kind: 'float32';
  readonly values: Float32Array;
}

/** A tensor of 64-bit floats. */
export interface Float64Tensor<M extends Uint64Mode = Uint64Mode> extends TensorPlaces<M> {
  readonly kind: 'float64';
  readonly values: Float64Array;
}

/** A tensor of 32-bit integers. */
export interface Int32Tensor<M extends Uint64Mode = Uint64Mode> extends TensorPlaces<M> {
  readonly kind: 'int32';
  readonly values: Int32Array;
}

/** Bytes: images, texts, anything. */
export interface SageMakerBytes {
  readonly kind: 'bytes';
  readonly values: Uint8Array[];
  /** What the bytes are, such as `image/jpeg`. */
  readonly contentType: string | undefined;
}

/** A value of which not even the kind was set. */
export interface UnsetValue {
  readonly kind: 'none';
}

/** A feature or a label of a Record. */
export type SageMakerValue<M extends Uint64Mode = Uint64Mode> =
  | Float32Tensor<M>
  | Float64Tensor<M>
  | Int32Tensor<M>
  | SageMakerBytes
  | UnsetValue;

/** An aialgs.data.Record. SageMaker's algorithms call what they read `values`, among the features and among the labels. */
export interface SageMakerRecord<M extends Uint64Mode = Uint64Mode> {
  readonly features: Map<string, SageMakerValue<M>>;
  readonly label: Map<string, SageMakerValue<M>>;
  readonly uid: string | undefined;
  readonly metadata: string | undefined;
  readonly configuration: string | undefined;
}
