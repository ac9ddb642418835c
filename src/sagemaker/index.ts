/**
 * SageMaker's recordio-protobuf: aialgs.data.Record.
 *
 * @module
 */
export {
  DEFAULT_DECODE_SAGEMAKER_RECORD_OPTIONS,
  type DecodeSageMakerRecordOptions,
  decodeSageMakerRecord,
} from './decode-record.ts';
export type { Uint64Input } from './encode-input.ts';
export {
  encodeSageMakerRecord,
  type SageMakerRecordInput,
  type SageMakerValueInput,
  type SageMakerValuesInput,
  type TensorInput,
} from './encode-record.ts';
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
} from './record.ts';
