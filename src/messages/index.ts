/**
 * The contents of a record: tf.train.Example, SequenceExample, and SageMaker's recordio-protobuf.
 *
 * @module
 */
export {
  type CompileFeaturesOptions,
  compileFeatures,
  DEFAULT_COMPILE_FEATURES_OPTIONS,
  type FeaturePlan,
} from './example/compile-features.ts';
export {
  compileSequenceFeatures,
  type FeatureListSpec,
  type FeatureListSpecs,
  type ParsedSequence,
  type SequenceFeaturePlan,
} from './example/compile-sequence-features.ts';
export { decodeExample, decodeSequenceExample } from './example/decode-example.ts';
export { DEFAULT_DECODE_EXAMPLE_OPTIONS, type DecodeExampleOptions } from './example/decode-options.ts';
export type { FeatureInput, FeaturesInput } from './example/encode-example.ts';
export {
  DEFAULT_ENCODE_EXAMPLE_OPTIONS,
  type EncodeExampleOptions,
  encodeExample,
  encodeSequenceExample,
  type SequenceExampleInput,
} from './example/encode-example.ts';
export { ExampleCursor } from './example/example-cursor.ts';
export { ExampleDecoder, type ExampleDecoderOptions } from './example/example-decoder.ts';
export type {
  BytesFeature,
  Example,
  Feature,
  FeatureKind,
  FloatFeature,
  Int64Feature,
  Int64Mode,
  Int64Values,
  SequenceExample,
  UnsetFeature,
} from './example/feature.ts';
export type {
  DenseColumn,
  FeatureSpecs,
  ParsedBatch,
  ParsedColumn,
  ParsedExample,
  ParsedFeature,
  PlanInt64,
  RaggedColumn,
  SparseColumn,
  Value,
  Values,
} from './example/feature-specs.ts';
export {
  type DefaultValue,
  type FeatureSpec,
  type FixedLenSequenceSpec,
  type FixedLenSpec,
  fixedLen,
  fixedLenSequence,
  type RaggedSpec,
  ragged,
  type SparseSpec,
  type SparseSpecOptions,
  type SpecKind,
  sparse,
  type VarLenSpec,
  varLen,
} from './example/feature-specs.ts';
export {
  DEFAULT_DECODE_SAGEMAKER_RECORD_OPTIONS,
  type DecodeSageMakerRecordOptions,
  decodeSageMakerRecord,
} from './sagemaker/decode-record.ts';
export type { Uint64Input } from './sagemaker/encode-record.ts';
export {
  encodeSageMakerRecord,
  type SageMakerRecordInput,
  type SageMakerValueInput,
  type SageMakerValuesInput,
  type TensorInput,
} from './sagemaker/encode-record.ts';
export type {
  Float32Tensor,
  Float64Tensor,
  Int32Tensor,
  SageMakerBytes,
  SageMakerRecord,
  SageMakerValue,
  TensorPlaces,
  Uint64Mode,
  Uint64Values,
  UnsetValue,
} from './sagemaker/record.ts';
