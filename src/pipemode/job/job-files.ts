import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../storage/local/make-folder.ts';
import { statePath } from './channel-files.ts';
import { configPath, withFileErrors, writeConfigFile } from './config-file.ts';
import { hostChannels } from './host-channels.ts';
import { writeHyperparameters } from './hyperparameters.ts';
import { writeInputDataConfig } from './input-data-config.ts';
import { networkInterfaceName } from './machine.ts';
import { initConfig, trainingJobConfig } from './platform-files.ts';
import { type ResourceConfig, writeResourceConfig } from './resource-config.ts';
import { type JobPaths, localPath } from './training-job.ts';
import { type JobHost, jobHosts, type TrainingRequest } from './training-request.ts';

/**
 * Creates the folders of one host and writes its files in `input/config`, as SageMaker does. Also
 * removes the state that readers of earlier jobs left for the channels, so that the job starts at
 * epoch 0.
 *
 * The files and their contents match public listings of real containers, with two exceptions.
 * `debughookconfig.json` and `profilerconfig.json` are missing, because no debugger and no profiler
 * run. `metric-definition-regex.json` is empty in all listings, so its format is a guess.
 *
 * @param hosts all hosts of the job; by default, algo-1 to algo-N
 * @throws RecordpipeError `access-denied`, `io-failure`
 * @example
 * ```ts
 * import { readInputDataConfig } from 'recordpipe/pipemode';
 * import { jobHosts, jobPaths, trainingRequest, writeJobFiles } from 'recordpipe/pipemode/train';
 * const request = trainingRequest({ channels: [{ name: 'train', uri: 's3://bucket/train/', inputMode: 'Pipe' }] });
 * const paths = jobPaths('job');
 * for (const host of jobHosts(request)) writeJobFiles(request, host, paths);
 * console.log(readInputDataConfig(paths.configDir).train.TrainingInputMode); // Pipe
 * ```
 */
export function writeJobFiles(
  request: TrainingRequest,
  host: JobHost,
  paths: JobPaths,
  hosts: readonly JobHost[] = jobHosts(request),
): void {
  const { configDir, stateDir } = paths;
  for (const folder of foldersOf(request, paths)) makeFolder(folder);
  const write = (name: string, value: unknown): void => writeConfigFile(configPath(configDir, name), value);
  const channels = hostChannels(request, host);
  writeHyperparameters(configDir, request.hyperparameters);
  writeInputDataConfig(configDir, channels);
  writeResourceConfig(configDir, resourceConfig(request, host, hosts));
  write('trainingjobconfig', trainingJobConfig(request, paths));
  write('init-config', initConfig(request, host, paths, hosts));
  write(
    'metric-definition-regex',
    request.metricDefinitions.map(({ name, regex }) => ({ Name: name, Regex: regex })),
  );
  write('upstreamoutputdataconfig', []);
  if (request.checkpoint !== undefined)
    write('checkpointconfig', { LocalPath: localPath(request.checkpoint.localPath, paths) });
  for (const { name } of channels) {
    const path = statePath(stateDir, name);
    withFileErrors(path, () => rmSync(path, { force: true }));
  }
}

/** The contents of `resourceconfig.json`. */
export interface JobResources extends ResourceConfig {
  readonly current_instance_type: string;
  readonly current_group_name: string;
  readonly instance_groups: readonly {
    readonly instance_group_name: string;
    readonly instance_type: string;
    readonly hosts: readonly string[];
  }[];
  readonly network_interface_name: string;
}

/** Returns the contents of a host's `resourceconfig.json`. */
export function resourceConfig(
  { instanceGroups }: TrainingRequest,
  host: JobHost,
  hosts: readonly JobHost[],
): JobResources {
  const names = (some: readonly JobHost[]): string[] => some.map(({ name }) => name);
  return {
    current_host: host.name,
    current_instance_type: host.group.instanceType,
    current_group_name: host.group.name,
    // SageMaker sorts the names as strings: algo-10 precedes algo-2.
    hosts: names(hosts).sort(),
    instance_groups: instanceGroups.map(({ name, instanceType }) => ({
      instance_group_name: name,
      instance_type: instanceType,
      hosts: names(hosts.filter(({ group }) => group.name === name)),
    })),
    network_interface_name: networkInterfaceName(),
  };
}

function foldersOf({ checkpoint, hyperparameters }: TrainingRequest, paths: JobPaths): string[] {
  const { pipeDir, configDir, stateDir, modelDir, outputDir, codeDir, intermediateDir } = paths;
  const output = ['data', 'metrics/sagemaker', 'profiler'].map((name) => join(outputDir, name));
  return [
    ...[pipeDir, configDir, stateDir, modelDir, codeDir, ...output],
    ...(checkpoint === undefined ? [] : [localPath(checkpoint.localPath, paths)]),
    // The toolkit creates the folder for intermediate output only if this hyperparameter is set. If
    // the folder already exists, the toolkit assumes that the platform uploads the files.
    ...('sagemaker_s3_output' in hyperparameters ? [intermediateDir] : []),
  ];
}
