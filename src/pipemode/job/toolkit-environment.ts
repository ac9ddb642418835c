import { basename, isAbsolute, join, normalize } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import type { Variables } from './environment.ts';
import { programPath } from './find-program.ts';
import { hostChannels } from './host-channels.ts';
import { inputDataConfig } from './input-data-config.ts';
import { type JobResources, resourceConfig } from './job-files.ts';
import { cpuCount, gpuCount, neuronCount } from './machine.ts';
import { decodedHyperparameter, type PythonDict, type PythonValue, pythonValue } from './python-json.ts';
import { compareCodePoints, isDict, isTruthy, pythonJson, pythonStr, sortedEntries } from './python-text.ts';
import { JOB_ROOT, type JobPaths } from './training-job.ts';
import { type JobHost, jobHosts, type TrainingRequest } from './training-request.ts';

/**
 * The variables and arguments that SageMaker's training toolkit passes to the program of one host.
 */
export interface HostEnvironment {
  /** Environment variables by name. */
  readonly variables: Readonly<Record<string, string>>;
  /** Hyperparameters as arguments, to append to the program's command. */
  readonly programArguments: readonly string[];
}

/** Matches the file name of a script. */
const SCRIPT = /^\S+\.(py|sh|[cm]?[jt]s)$/;

/**
 * Returns the entry point of a command: its first word that names a script, or the module of
 * `python -m`. As in SageMaker, the name is relative to the folder of the code.
 *
 * @returns undefined if the command names no script; hyperparameters are then not passed as
 *   arguments
 * @example
 * ```ts
 * import { scriptOf } from 'recordpipe/pipemode/train';
 * console.log(scriptOf(['python', '-u', './train.py']), scriptOf(['sh', '-c', 'python train.py'])); // train.py undefined
 * ```
 */
export function scriptOf(command: readonly string[]): string | undefined {
  const at = command.findIndex((word, i) => SCRIPT.test(word) || (i > 0 && command[i - 1] === '-m'));
  if (at < 0) return undefined;
  const path = normalize(command[at]);
  return isAbsolute(path) || path.startsWith('..') ? basename(path) : path;
}

/** Options for {@link hostEnvironment}. */
export interface HostEnvironmentOptions {
  /** The variables that the program inherits. By default, the variables of this process. */
  readonly inherited?: Variables;
  /** All hosts of the job. The default is algo-1 to algo-N. */
  readonly hosts?: readonly JobHost[];
}

/**
 * Returns the variables and arguments that SageMaker's training toolkit (`sagemaker-training` 5.1)
 * passes to the program of one host. All paths are absolute.
 *
 * Three variables differ from those of a real container. `PYTHONPATH` is not set.
 * `SAGEMAKER_BASE_DIR` names a root other than `/opt/ml`, so that the toolkit itself finds its
 * files. `SM_STUDIO_LOCAL_MODE` makes the toolkit (4.7.3 or later) skip its wait for the DNS names
 * of all hosts.
 *
 * @param entryPoint the script of the program, for jobs without the hyperparameter
 *   `sagemaker_program`; or an empty string
 * @throws RecordpipeError `malformed-config` for a hyperparameter that a variable or an argument
 *   cannot contain
 * @example
 * ```ts
 * import { hostEnvironment, jobHosts, jobPaths, trainingRequest } from 'recordpipe/pipemode/train';
 * const request = trainingRequest({ hyperparameters: { 'learning-rate': '0.10', layers: '[1,2]', k: '3' } });
 * const [host] = jobHosts(request);
 * const { variables, programArguments } = hostEnvironment(request, host, jobPaths('/opt/ml'), 'train.py');
 * console.log(variables['SM_HP_LEARNING-RATE'], programArguments); // 0.1 [ '-k', '3', '--layers', '[1, 2]', '--learning-rate', '0.1' ]
 * ```
 */
export function hostEnvironment(
  request: TrainingRequest,
  host: JobHost,
  paths: JobPaths,
  entryPoint: string,
  { inherited = process.env, hosts = jobHosts(request) }: HostEnvironmentOptions = {},
): HostEnvironment {
  const container = { ...inherited, ...request.environment };
  const resources = resourceConfig(request, host, hosts);
  const properties = toolkitProperties(request, host, paths, { entryPoint, container, resources });
  const { user, own } = splitHyperparameters(request.hyperparameters);
  const programArguments = commandArguments(user);
  const variables: Record<string, string> = {
    ...request.environment,
    TRAINING_JOB_NAME: request.name,
    TRAINING_JOB_ARN: request.arn,
    SAGEMAKER_JOB_NAME: pythonStr(own.get('sagemaker_job_name') ?? ''),
    SAGEMAKER_REGION: pythonStr(valueOr(own, 'sagemaker_region', request.region) ?? ''),
    CURRENT_HOST: host.name,
    SM_STUDIO_LOCAL_MODE: container['SM_STUDIO_LOCAL_MODE'] ?? 'true',
    ...((paths.root !== JOB_ROOT || inherited['SAGEMAKER_BASE_DIR'] !== undefined) && {
      SAGEMAKER_BASE_DIR: paths.root,
    }),
    ...toolkitVariables(properties, user, programArguments),
  };
  checkStrings(variables, programArguments);
  return { variables, programArguments };
}

/** The parts of a container that the toolkit inspects. */
interface ToolkitContext {
  readonly entryPoint: string;
  /** The variables of the container. */
  readonly container: Variables;
  readonly resources: JobResources;
}

/** The properties of the toolkit's environment, under the toolkit's names. */
type ToolkitProperties = Readonly<Record<string, PythonValue>>;

/** Log level of Python's `logging.INFO`. */
const INFO = 20n;

function toolkitProperties(
  request: TrainingRequest,
  host: JobHost,
  paths: JobPaths,
  { entryPoint, container, resources }: ToolkitContext,
): ToolkitProperties {
  const channels = hostChannels(request, host);
  const { current_group_name: group, hosts, network_interface_name, instance_groups: groups } = resources;
  const { user, own, framework } = splitHyperparameters(request.hyperparameters);
  const given = own.get('sagemaker_program') ?? (entryPoint === '' ? null : entryPoint);
  const userEntryPoint = container['SAGEMAKER_PROGRAM'] || given;
  const distributed = distributionGroups(framework, group);
  const distributionHosts = groups.flatMap(({ instance_group_name: name, hosts }) =>
    contains(distributed, name) ? hosts : [],
  );
  const master = distributionHosts[0] ?? hosts[0];
  const hasProgram = (name: string): boolean => programPath(name, container['PATH'] ?? '') !== undefined;
  const modelParallel = container['SM_HP_MP_PARAMETERS'];
  return {
    additional_framework_parameters: framework,
    channel_input_dirs: new Map(channels.map(({ name }) => [name, join(paths.pipeDir, name)])),
    current_host: host.name,
    current_instance_group: group,
    current_instance_group_hosts: groups.find(({ instance_group_name: name }) => name === group)?.hosts ?? [],
    current_instance_type: host.group.instanceType,
    distribution_hosts: distributionHosts,
    distribution_instance_groups: distributed,
    framework_module: container['SAGEMAKER_TRAINING_MODULE'] ?? null,
    hosts,
    hyperparameters: user,
    input_config_dir: paths.configDir,
    input_data_config: pythonValue(inputDataConfig(channels)),
    input_dir: join(paths.configDir, '..'),
    instance_groups: groups.map(({ instance_group_name: name }) => name),
    instance_groups_dict: new Map(groups.map((one) => [one.instance_group_name, pythonValue(one)])),
    is_hetero: groups.length > 1,
    is_master: host.name === master,
    is_modelparallel_enabled: modelParallel ? modelParallel !== '{}' : (modelParallel ?? null),
    is_smddpmprun_installed: hasProgram('smddpmprun'),
    is_smddprun_installed: hasProgram('smddprun'),
    job_name: request.name,
    log_level: valueOr(own, 'sagemaker_container_log_level', INFO),
    master_hostname: master,
    model_dir: paths.modelDir,
    module_dir: pythonStr(valueOr(own, 'sagemaker_submit_directory', paths.codeDir)),
    module_name: pythonStr(container['SAGEMAKER_PROGRAM'] ?? given).replace(/\.py$/, ''),
    network_interface_name,
    num_cpus: BigInt(cpuCount()),
    num_gpus: BigInt(gpuCount(container)),
    num_neurons: BigInt(neuronCount(host.group.instanceType, container)),
    output_data_dir: join(paths.outputDir, 'data'),
    output_dir: paths.outputDir,
    output_intermediate_dir: paths.intermediateDir,
    resource_config: pythonValue(resources),
    topology: [],
    user_entry_point: userEntryPoint,
  };
}

/** Properties that have no variable. */
const WITHOUT_VARIABLE = new Set([
  'additional_framework_parameters',
  'channel_input_dirs',
  'distribution_hosts',
  'hyperparameters',
  'is_master',
  'is_modelparallel_enabled',
  'is_smddpmprun_installed',
  'is_smddprun_installed',
  'job_name',
  'master_hostname',
  'topology',
]);

function toolkitVariables(
  properties: ToolkitProperties,
  user: PythonDict,
  programArguments: readonly string[],
): Record<string, string> {
  const channelDirs = properties['channel_input_dirs'] as PythonDict;
  const values: [name: string, value: PythonValue][] = [
    ...Object.entries(properties).filter(([name]) => !WITHOUT_VARIABLE.has(name)),
    ['hps', user],
    ['framework_params', properties['additional_framework_parameters']],
    ['channels', [...channelDirs.keys()].sort(compareCodePoints)],
    ['training_env', new Map(Object.entries(properties))],
    ['user_args', programArguments],
    ...[...channelDirs].map(([name, dir]): [string, PythonValue] => [`channel_${name}`, dir]),
    ...[...user].map(([name, value]): [string, PythonValue] => [`hp_${name}`, value]),
  ];
  return Object.fromEntries(values.map(([name, value]) => [`SM_${name.toUpperCase()}`, variable(value)]));
}

/** Formats the value of a variable. Strings have no quotes; other values are JSON. */
function variable(value: PythonValue): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : pythonJson(value);
}

/** Formats hyperparameters as arguments, sorted by name. */
function commandArguments(user: PythonDict): string[] {
  return sortedEntries(user).flatMap(([name, value]) => [argumentName(name), argumentValue(value)]);
}

function argumentName(name: string): string {
  if (name === '') return '';
  return [...name].length > 1 ? `--${name}` : `-${name}`;
}

function argumentValue(value: PythonValue): string {
  if (value === null) return '';
  if (!isDict(value)) return pythonStr(value);
  return sortedEntries(value)
    .map(([name, one]) => `${name}=${pythonStr(one)}`)
    .join(',');
}

/** Hyperparameters for the toolkit itself. */
const TOOLKIT_PARAMETERS = new Set([
  '_tuning_objective_metric',
  'default_user_module_name',
  'sagemaker_container_log_level',
  'sagemaker_enable_cloudwatch_metrics',
  'sagemaker_job_name',
  'sagemaker_program',
  'sagemaker_region',
  'sagemaker_s3_output',
  'sagemaker_submit_directory',
]);

/** Decoded hyperparameters, split by recipient. */
interface SplitHyperparameters {
  /** Hyperparameters for the program. */
  readonly user: PythonDict;
  /** Hyperparameters for the toolkit itself. */
  readonly own: PythonDict;
  /** Other hyperparameters whose names start with `sagemaker_`. */
  readonly framework: PythonDict;
}

function splitHyperparameters(hyperparameters: Readonly<Record<string, string>>): SplitHyperparameters {
  const split = {
    user: new Map<string, PythonValue>(),
    own: new Map<string, PythonValue>(),
    framework: new Map<string, PythonValue>(),
  };
  for (const [name, text] of Object.entries(hyperparameters)) {
    const kind = TOOLKIT_PARAMETERS.has(name) ? 'own' : name.startsWith('sagemaker_') ? 'framework' : 'user';
    split[kind].set(name, decodedHyperparameter(text));
  }
  return split;
}

function valueOr(dict: PythonDict, name: string, fallback: PythonValue): PythonValue {
  const value = dict.get(name);
  return value === undefined ? fallback : value;
}

/** Hyperparameters that each enable a kind of distributed training. */
const DISTRIBUTIONS = [
  'sagemaker_mpi_enabled',
  'sagemaker_parameter_server_enabled',
  'sagemaker_distributed_dataparallel_enabled',
  'sagemaker_pytorch_ddp_enabled',
  'sagemaker_pytorch_xla_multi_worker_enabled',
  'sagemaker_multi_worker_mirrored_strategy_enabled',
  'sagemaker_torch_distributed_enabled',
];

function distributionGroups(framework: PythonDict, currentGroup: string): PythonValue {
  const given = framework.get('sagemaker_distribution_instance_groups');
  if (given !== undefined) return given;
  return DISTRIBUTIONS.some((name) => isTruthy(framework.get(name))) ? [currentGroup] : [];
}

function contains(names: PythonValue, name: string): boolean {
  if (typeof names === 'string' || Array.isArray(names)) return names.includes(name);
  return isDict(names) && names.has(name);
}

/**
 * Maximum size of one variable or argument on Linux, in bytes: MAX_ARG_STRLEN without the final
 * NUL.
 */
const MAX_STRING_BYTES = 128 * 1024 - 1;

/**
 * Checks that the operating system accepts the variables and arguments of a program.
 * @throws RecordpipeError `malformed-config` for a string that the operating system rejects
 */
function checkStrings(variables: Readonly<Record<string, string>>, args: readonly string[]): void {
  for (const [name, value] of Object.entries(variables)) {
    if (name.includes('=')) throw unusable(name, 'its name contains "="; rename the hyperparameter');
    checkString(name, `${name}=${value}`);
  }
  for (const [i, value] of args.entries()) checkString(`argument ${i % 2 ? args[i - 1] : value}`, value);
}

function checkString(what: string, text: string): void {
  if (text.includes('\0')) throw unusable(what, 'it contains a NUL character; remove that character');
  if (!isWellFormed(text)) throw unusable(what, 'it contains an unpaired surrogate; fix the text');
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_STRING_BYTES)
    throw unusable(
      what,
      `it has ${bytes.toLocaleString('en-US')} bytes, but Linux allows at most ${MAX_STRING_BYTES.toLocaleString('en-US')} per variable or argument; put large values in a file of a channel`,
    );
}

/** Reports whether the text has no unpaired surrogate. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function unusable(what: string, why: string): RecordpipeError {
  return new RecordpipeError(
    'malformed-config',
    `${what} cannot be passed to a program, here or in SageMaker: ${why}`,
  );
}
