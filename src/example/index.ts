/**
 * What is inside a record: tf.train.Example and SequenceExample.
 *
 * @module
 */
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
