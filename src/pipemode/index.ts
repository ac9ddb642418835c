/**
 * SageMaker's Pipe mode: channels that come through named pipes, one for each epoch, and the files in which a training job is described. Node only.
 *
 * @module
 */
export { readEnvironment, type SageMakerEnvironment } from './environment.ts';
export type { PipeModeState } from './epoch-progress.ts';
export {
  type Hyperparameters,
  hyperparameterValue,
  type JsonValue,
  readHyperparameters,
} from './hyperparameters.ts';
export { type ChannelConfig, type InputDataConfig, readInputDataConfig } from './input-data-config.ts';
export type { ManifestTuple } from './manifest-tuples.ts';
export type { PipeModeMetrics } from './metrics.ts';
export {
  type PipeBatchesOptions,
  PipeModeDataset,
  type PipeModeDatasetOptions,
  type PipeModeElement,
  type ResumeOptions,
} from './pipe-mode-dataset.ts';
export { PipeModeError } from './pipe-mode-error.ts';
export type {
  PipeModeOptions,
  PipeModeOptionsInput,
  RecordFormatName,
  RecordFormatSpelling,
  SageMakerOptionNames,
} from './pipe-mode-options.ts';
export { hostRank, type ResourceConfig, readResourceConfig } from './resource-config.ts';
