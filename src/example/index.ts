/**
 * What is inside a record: tf.train.Example and SequenceExample.
 *
 * @module
 */
export {
  type CompileFeaturesOptions,
  compileFeatures,
  DEFAULT_COMPILE_FEATURES_OPTIONS,
  type FeaturePlan,
} from './compile-features.ts';
export {
  compileSequenceFeatures,
  type FeatureListSpec,
  type FeatureListSpecs,
  type ParsedSequence,
  type SequenceFeaturePlan,
} from './compile-sequence-features.ts';
export { decodeExample, decodeSequenceExample } from './decode-example.ts';
export { DEFAULT_DECODE_EXAMPLE_OPTIONS, type DecodeExampleOptions } from './decode-options.ts';
export {
  DEFAULT_ENCODE_EXAMPLE_OPTIONS,
  type EncodeExampleOptions,
  encodeExample,
  encodeSequenceExample,
  type SequenceExampleInput,
} from './encode-example.ts';
export type { FeatureInput, FeaturesInput } from './encode-input.ts';
export { ExampleCursor } from './example-cursor.ts';
export { ExampleDecoder, type ExampleDecoderOptions } from './example-decoder.ts';
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
} from './feature.ts';
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
  sparse,
  type VarLenSpec,
  varLen,
} from './feature-specs.ts';
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
} from './parsed.ts';
