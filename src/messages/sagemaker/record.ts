/**
 * Form in which keys and shapes are returned: as numbers (`number`: an integer beyond 2^53 - 1 is
 * an error), or exactly (`bigint`).
 */
export type Uint64Mode = 'number' | 'bigint';

/** Type of the array of unsigned 64-bit integers for a mode. */
export type Uint64Values<M extends Uint64Mode = Uint64Mode> = M extends 'number'
  ? Float64Array
  : BigUint64Array;

/** Positions of the values of a tensor. */
export interface TensorPlaces<M extends Uint64Mode = Uint64Mode> {
  /**
   * For a sparse tensor, the element index of each value, in row-major order. Empty for a dense
   * tensor or a tensor without values.
   */
  readonly keys: Uint64Values<M>;
  /**
   * Dimensions of the tensor; empty if the record has none, as in dense vectors written by the
   * SageMaker SDK.
   */
  readonly shape: Uint64Values<M>;
}

/** A tensor of 32-bit floats. */
export interface Float32Tensor<M extends Uint64Mode = Uint64Mode> extends TensorPlaces<M> {
  /** Type of the numbers. */
  readonly kind: 'float32';
  /** The numbers, in row-major order. */
  readonly values: Float32Array;
}

/** A tensor of 64-bit floats. */
export interface Float64Tensor<M extends Uint64Mode = Uint64Mode> extends TensorPlaces<M> {
  /** Type of the numbers. */
  readonly kind: 'float64';
  /** The numbers, in row-major order. */
  readonly values: Float64Array;
}

/** A tensor of 32-bit integers. */
export interface Int32Tensor<M extends Uint64Mode = Uint64Mode> extends TensorPlaces<M> {
  /** Type of the numbers. */
  readonly kind: 'int32';
  /** The numbers, in row-major order. */
  readonly values: Int32Array;
}

/** Bytes of any kind, such as images or strings. */
export interface SageMakerBytes {
  /** The value is a list of byte strings. */
  readonly kind: 'bytes';
  /** The byte strings. */
  readonly values: Uint8Array[];
  /** Media type of the bytes, such as `image/jpeg`. */
  readonly contentType: string | undefined;
}

/** A value without a kind. */
export interface UnsetValue {
  /** The value has no content. */
  readonly kind: 'none';
}

/** A feature or a label of a Record. */
export type SageMakerValue<M extends Uint64Mode = Uint64Mode> =
  | Float32Tensor<M>
  | Float64Tensor<M>
  | Int32Tensor<M>
  | SageMakerBytes
  | UnsetValue;

/** An aialgs.data.Record. SageMaker's algorithms read the feature and the label named `values`. */
export interface SageMakerRecord<M extends Uint64Mode = Uint64Mode> {
  /** The features by name. */
  readonly features: Map<string, SageMakerValue<M>>;
  /** The labels by name. */
  readonly label: Map<string, SageMakerValue<M>>;
  /** Id of the record. */
  readonly uid: string | undefined;
  /** Text that describes the record, usually JSON. */
  readonly metadata: string | undefined;
  /** Configuration of an algorithm, as text. */
  readonly configuration: string | undefined;
}

/**
 * Tags of the fields of aialgs.data.Record. Source: record.proto of the SageMaker Python SDK
 * (`sagemaker.amazon.record_pb2`).
 */
export const RECORD = {
  features: 0x0a,
  label: 0x12,
  uid: 0x1a,
  metadata: 0x22,
  configuration: 0x2a,
} as const;

/** Tags of the kinds of a Value. */
export const VALUE = { float32: 0x12, float64: 0x1a, int32: 0x3a, bytes: 0x4a } as const;

/** Tags of the fields of each tensor, which are packed. */
export const TENSOR = { values: 0x0a, keys: 0x12, shape: 0x1a } as const;

/** Tags of the fields of Bytes. */
export const BYTES = { value: 0x0a, contentType: 0x12 } as const;

/** Tags of the fields of a map entry. */
export const ENTRY = { name: 0x0a, value: 0x12 } as const;
