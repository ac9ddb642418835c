import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { statePath } from './channel-files.ts';
import { makeFolder, withFileErrors } from './config-file.ts';
import { type Hyperparameters, writeHyperparameters } from './hyperparameters.ts';
import { writeInputDataConfig } from './input-data-config.ts';
import { type ResourceConfig, writeResourceConfig } from './resource-config.ts';
import type { StreamChannelInput } from './stream-channel.ts';

/** The folders of a training job. In SageMaker's containers, all of them are below `/opt/ml`. */
export interface TrainingPlaces {
  /** The folder of the named pipes: `input/data`. */
  readonly pipeDir: string;
  /**
   * The folder of `inputdataconfig.json`, `resourceconfig.json` and `hyperparameters.json`:
   * `input/config`.
   */
  readonly configDir: string;
  /** The folder that stores the epoch index of `PipeModeDataset`: `pipe_state`. */
  readonly stateDir: string;
  readonly modelDir: string;
  readonly outputDir: string;
}

/** All folders and files of a training job, with absolute paths. */
export interface JobPlaces extends TrainingPlaces {
  /** The folder that stands for `/opt/ml`. */
  readonly root: string;
  /** The folder of the training code: `code`. */
  readonly codeDir: string;
  /** The default folder of checkpoints: `checkpoints`. */
  readonly checkpointDir: string;
  /** The file in which a program says why it failed: `output/failure`. */
  readonly failureFile: string;
  /** The folder whose files SageMaker uploads during training: `output/intermediate`. */
  readonly intermediateDir: string;
}

/** The settings of a training job. */
export interface TrainingJob {
  readonly channels: readonly StreamChannelInput[];
  readonly hosts: ResourceConfig;
  readonly hyperparameters: Hyperparameters;
}

/**
 * Returns the folders of a training job below `root`.
 *
 * @example
 * ```ts
 * import { trainingPlaces } from 'recordpipe/pipemode/streamer';
 * console.log(trainingPlaces('/opt/ml').pipeDir); // /opt/ml/input/data
 * ```
 */
export function trainingPlaces(root: string): TrainingPlaces {
  return {
    pipeDir: join(root, 'input/data'),
    configDir: join(root, 'input/config'),
    stateDir: join(root, 'pipe_state'),
    modelDir: join(root, 'model'),
    outputDir: join(root, 'output'),
  };
}

/** Returns all folders and files of a training job below `root`, with absolute paths. */
export function jobPlaces(root: string): JobPlaces {
  const absolute = resolve(root);
  const outputDir = join(absolute, 'output');
  return {
    ...trainingPlaces(absolute),
    root: absolute,
    codeDir: join(absolute, 'code'),
    checkpointDir: join(absolute, 'checkpoints'),
    failureFile: join(outputDir, 'failure'),
    intermediateDir: join(outputDir, 'intermediate'),
  };
}

/**
 * Creates the folders of a training job and writes its configuration files, as SageMaker does. Also
 * removes the state that readers of earlier jobs left for these channels, so that the job starts at
 * epoch 0.
 *
 * @throws RecordpipeError `access-denied`, `io-failure`
 * @example
 * ```ts
 * import { readInputDataConfig } from 'recordpipe/pipemode';
 * import { trainingPlaces, writeTrainingFiles } from 'recordpipe/pipemode/streamer';
 * const places = trainingPlaces('job');
 * const hosts = { current_host: 'algo-1', hosts: ['algo-1'] };
 * writeTrainingFiles(places, { channels: [{ name: 'train', uri: 's3://bucket/train/' }], hosts, hyperparameters: {} });
 * console.log(readInputDataConfig(places.configDir).train.TrainingInputMode); // Pipe
 * ```
 */
export function writeTrainingFiles(places: TrainingPlaces, job: TrainingJob): void {
  const { pipeDir, configDir, stateDir, modelDir, outputDir } = places;
  for (const folder of [pipeDir, configDir, stateDir, modelDir, join(outputDir, 'data')]) makeFolder(folder);
  writeInputDataConfig(configDir, job.channels);
  writeResourceConfig(configDir, job.hosts);
  writeHyperparameters(configDir, job.hyperparameters);
  for (const { name } of job.channels) {
    const path = statePath(stateDir, name);
    withFileErrors(path, () => rmSync(path, { force: true }));
  }
}
