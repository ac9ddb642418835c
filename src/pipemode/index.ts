/**
 * SageMaker's Pipe mode: channels that come through named pipes, one for each epoch, and the files in which a training job is described. Node only.
 *
 * @module
 */
export {
  type ChannelConfig,
  type Hyperparameters,
  hostRank,
  hyperparameterValue,
  type InputDataConfig,
  type JsonValue,
  type ResourceConfig,
  readEnvironment,
  readHyperparameters,
  readInputDataConfig,
  readResourceConfig,
  type SageMakerEnvironment,
  type Variables,
} from './job/environment.ts';
export { PipeModeError } from './pipe-mode-error.ts';
export type { PipeModeMetrics, PipeModeState } from './reader/epoch-progress.ts';
export type { ManifestTuple } from './reader/manifest-tuples.ts';
export {
  type PipeBatchesOptions,
  PipeModeDataset,
  type PipeModeDatasetOptions,
  type PipeModeElement,
  type ResumeOptions,
} from './reader/pipe-mode-dataset.ts';
export type {
  PipeModeOptions,
  PipeModeOptionsInput,
  RecordFormatName,
  RecordFormatSpelling,
  SageMakerOptionNames,
} from './reader/pipe-mode-options.ts';
