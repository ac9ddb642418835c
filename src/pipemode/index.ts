/**
 * Support for SageMaker's Pipe mode: reads channels from named pipes, one pipe per epoch, and reads
 * the files that describe a training job. Requires Node.
 *
 * @module
 */
export { readEnvironment, type SageMakerEnvironment, type Variables } from './job/environment.ts';
export {
  type Hyperparameters,
  hyperparameterValue,
  readHyperparameters,
} from './job/hyperparameters.ts';
export { type ChannelConfig, type InputDataConfig, readInputDataConfig } from './job/input-data-config.ts';
export type { JsonValue } from './job/python-json.ts';
export { type Hosts, hostRank, type ResourceConfig, readResourceConfig } from './job/resource-config.ts';
export type { PipeModeMetrics, PipeModeState } from './reader/epoch-progress.ts';
export { PipeModeError } from './reader/epoch-reading.ts';
export type { ManifestTuple } from './reader/epoch-stages.ts';
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
