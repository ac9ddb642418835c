import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileError } from '../../storage/local/file-errors.ts';
import { replaceFileSync } from '../../storage/local/temporary-file.ts';
import { type StreamChannelInput, streamChannel } from '../streamer/stream-channel.ts';
import type { ResourceConfig } from './environment.ts';

/** Where a training job finds what belongs to it. SageMaker's containers have all of it below `/opt/ml`. */
export interface TrainingPlaces {
  /** The named pipes: `input/data`. */
  readonly pipeDir: string;
  /** `inputdataconfig.json`, `resourceconfig.json`, `hyperparameters.json`: `input/config`. */
  readonly configDir: string;
  /** The index of `PipeModeDataset`: `pipe_state`. */
  readonly stateDir: string;
  readonly modelDir: string;
  readonly outputDir: string;
}

/**
 * The folders of a training job below `root`.
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

/** What is told of a training job. */
export interface TrainingJob {
  readonly channels: readonly StreamChannelInput[];
  readonly hosts: ResourceConfig;
  readonly hyperparameters: Readonly<Record<string, string>>;
}

/** One host, as a job on one machine has it. */
export const ONE_HOST: ResourceConfig = Object.freeze({
  current_host: 'algo-1',
  hosts: Object.freeze(['algo-1']),
  network_interface_name: 'lo',
});

/**
 * Makes the folders of a training job and writes the files that describe it, as SageMaker does. A job begins at epoch 0: what readers of earlier jobs
 * remember in `stateDir` of these channels is removed.
 * @throws RecordpipeError `access-denied`, `io-failure`
 * @example
 * ```ts
 * import { readInputDataConfig } from 'recordpipe/pipemode';
 * import { writeTrainingFiles } from 'recordpipe/pipemode/streamer';
 * const places = trainingPlaces('job');
 * const hosts = { current_host: 'algo-1', hosts: ['algo-1'] };
 * writeTrainingFiles(places, { channels: [{ name: 'train', uri: 's3://bucket/train/' }], hosts, hyperparameters: {} });
 * console.log(readInputDataConfig(places.configDir).train.TrainingInputMode); // Pipe
 * ```
 */
export function writeTrainingFiles(places: TrainingPlaces, job: TrainingJob): void {
  const { pipeDir, configDir, stateDir, modelDir, outputDir } = places;
  for (const folder of [pipeDir, configDir, stateDir, modelDir, join(outputDir, 'data')]) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw fileError(error, folder);
    }
  }
  writeJson(join(configDir, 'inputdataconfig.json'), inputDataConfig(job.channels));
  writeJson(join(configDir, 'resourceconfig.json'), job.hosts);
  writeJson(join(configDir, 'hyperparameters.json'), job.hyperparameters);
  for (const { name } of job.channels) removeState(join(stateDir, `.${name}-pipe_mode-state`));
}

function removeState(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw fileError(error, path);
  }
}

/** The channels as `inputdataconfig.json` describes them to a program. */
export function inputDataConfig(
  channels: readonly StreamChannelInput[],
): Record<string, Record<string, string>> {
  return Object.fromEntries(
    channels.map(streamChannel).map(({ name, contentType, distribution, recordWrapper, compression }) => [
      name,
      {
        ...(contentType !== undefined && { ContentType: contentType }),
        TrainingInputMode: 'Pipe',
        S3DistributionType: distribution,
        RecordWrapperType: recordWrapper,
        ...(compression !== 'None' && { CompressionType: compression }),
      },
    ]),
  );
}

/**
 * The variables that SageMaker's containers set for a training program. Paths in them are absolute.
 *
 * @example
 * ```ts
 * import { trainingEnvironment } from 'recordpipe/pipemode/streamer';
 * const hosts = { current_host: 'algo-1', hosts: ['algo-1'] };
 * const job = { channels: [{ name: 'train', uri: 'data' }], hosts, hyperparameters: { epochs: '2' } };
 * console.log(trainingEnvironment(trainingPlaces('/opt/ml'), job).SM_CHANNELS); // ["train"]
 * ```
 */
export function trainingEnvironment(places: TrainingPlaces, job: TrainingJob): Record<string, string> {
  const [pipeDir, configDir, modelDir, outputDir] = [
    resolve(places.pipeDir),
    resolve(places.configDir),
    resolve(places.modelDir),
    resolve(places.outputDir),
  ];
  const { channels, hosts, hyperparameters } = job;
  const names = channels.map(({ name }) => name);
  const parameters = Object.entries(hyperparameters);
  return {
    SM_INPUT_DIR: join(pipeDir, '..'),
    SM_INPUT_CONFIG_DIR: configDir,
    SM_INPUT_DATA_CONFIG: JSON.stringify(inputDataConfig(channels)),
    SM_RESOURCE_CONFIG: JSON.stringify(hosts),
    SM_MODEL_DIR: modelDir,
    SM_OUTPUT_DIR: outputDir,
    SM_OUTPUT_DATA_DIR: join(outputDir, 'data'),
    SM_CHANNELS: JSON.stringify(names),
    SM_HOSTS: JSON.stringify(hosts.hosts),
    SM_CURRENT_HOST: hosts.current_host,
    SM_NETWORK_INTERFACE_NAME: hosts.network_interface_name ?? 'lo',
    SM_NUM_CPUS: String(availableParallelism()),
    SM_NUM_GPUS: '0',
    SM_HPS: JSON.stringify(hyperparameters),
    ...Object.fromEntries(names.map((name) => [`SM_CHANNEL_${variable(name)}`, join(pipeDir, name)])),
    ...Object.fromEntries(parameters.map(([name, value]) => [`SM_HP_${variable(name)}`, value])),
  };
}

function variable(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function writeJson(path: string, value: unknown): void {
  try {
    replaceFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
  } catch (error) {
    throw fileError(error, path);
  }
}
