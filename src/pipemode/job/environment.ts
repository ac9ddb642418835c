import { join } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import {
  CONFIG_DIR,
  configObject,
  configText,
  configTexts,
  malformed,
  readConfigFile,
} from './config-file.ts';

/** A JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** The hyperparameters of a training job by name: always text, as SageMaker hands them over. */
export type Hyperparameters = Readonly<Record<string, string>>;

/**
 * The hyperparameters of this training job: `hyperparameters.json` of `configDir`, by default SageMaker's `/opt/ml/input/config`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` when the file is not what SageMaker writes
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { hyperparameterValue, readHyperparameters } from 'recordpipe/pipemode';
 * const configDir = mkdtempSync('/tmp/config-');
 * writeFileSync(`${configDir}/hyperparameters.json`, '{"epochs": "20", "optimizer": "adam"}');
 * const { epochs, optimizer } = readHyperparameters(configDir);
 * console.log(hyperparameterValue(epochs), hyperparameterValue(optimizer)); // 20 adam
 * ```
 */
export function readHyperparameters(configDir: string = CONFIG_DIR): Hyperparameters {
  const config = readConfigFile(configDir, 'hyperparameters.json');
  for (const [name, value] of Object.entries(config)) {
    if (typeof value === 'string') continue;
    const path = join(configDir, 'hyperparameters.json');
    throw malformed(`${name}: expected a string, as SageMaker writes it, got ${typeof value}`, path);
  }
  return config as Hyperparameters;
}

/**
 * What a hyperparameter means: SageMaker's Python SDK writes each as JSON (`"adam"` in quotes); what is no JSON is the text itself.
 *
 * @example
 * ```ts
 *  * console.log(hyperparameterValue('0.1'), hyperparameterValue('"adam"'), hyperparameterValue('adam')); // 0.1 adam adam
 * ```
 */
export function hyperparameterValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

/** The machines of a training job, as `resourceconfig.json` describes them. */
export interface ResourceConfig {
  /** The machine that this process runs on. */
  readonly current_host: string;
  /** All machines of the job, this one included. */
  readonly hosts: readonly string[];
  readonly network_interface_name?: string;
  readonly current_instance_type?: string;
  readonly current_group_name?: string;
  readonly [key: string]: unknown;
}

/**
 * The machines of this training job: `resourceconfig.json` of `configDir`, by default SageMaker's `/opt/ml/input/config`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` when the file is not what SageMaker writes
 * @example
 * ```ts
 *  * import { hostRank, readResourceConfig } from 'recordpipe/pipemode';
 * const configDir = mkdtempSync('/tmp/config-');
 * writeFileSync(`${configDir}/resourceconfig.json`, '{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}');
 * console.log(hostRank(readResourceConfig(configDir))); // { rank: 1, hosts: 2 }
 * ```
 */
export function readResourceConfig(configDir: string = CONFIG_DIR): ResourceConfig {
  const path = join(configDir, 'resourceconfig.json');
  const config = readConfigFile(configDir, 'resourceconfig.json');
  const current = configText(config['current_host'], 'current_host', path);
  const hosts = configTexts(config['hosts'], 'hosts', path);
  if (current === undefined) throw malformed('current_host: expected a string, got none', path);
  if (!hosts.includes(current)) {
    throw malformed(
      `current_host: expected one of hosts (${hosts.join(', ')}), got ${JSON.stringify(current)}`,
      path,
    );
  }
  const twice = hosts.find((name, i) => hosts.indexOf(name) !== i);
  if (twice !== undefined) throw malformed(`hosts: expected distinct names, got ${twice} twice`, path);
  for (const key of ['network_interface_name', 'current_instance_type', 'current_group_name'])
    configText(config[key], key, path);
  return config as unknown as ResourceConfig;
}

/**
 * Which of the machines this one is, for `dataset.shard(hosts, rank)`: its place, from 0, in the sorted names.
 *
 * @example
 * ```ts
 *  * console.log(hostRank({ current_host: 'algo-1', hosts: ['algo-2', 'algo-1'] })); // { rank: 0, hosts: 2 }
 * ```
 */
export function hostRank({ current_host, hosts }: Pick<ResourceConfig, 'current_host' | 'hosts'>): {
  rank: number;
  hosts: number;
} {
  return { rank: [...hosts].sort().indexOf(current_host), hosts: hosts.length };
}

/** One channel of a training job, as `inputdataconfig.json` describes it. Values that a later SageMaker adds are kept as they are. */
export interface ChannelConfig {
  /** `Pipe`, `File` or `FastFile`; in any case of letters. */
  readonly TrainingInputMode?: string;
  readonly ContentType?: string;
  /** `FullyReplicated` or `ShardedByS3Key`. */
  readonly S3DistributionType?: string;
  /** `None` or `RecordIO`: whether each object, or attribute, was wrapped in a record of its own. */
  readonly RecordWrapperType?: string;
  /** `None` or `Gzip`: how objects lie in S3; SageMaker inflates them. */
  readonly CompressionType?: string;
  readonly [key: string]: unknown;
}

/** All channels of a training job by name. */
export type InputDataConfig = Readonly<Record<string, ChannelConfig>>;

const TEXT_KEYS = [
  'TrainingInputMode',
  'ContentType',
  'S3DistributionType',
  'RecordWrapperType',
  'CompressionType',
] as const;

/**
 * The channels of this training job: `inputdataconfig.json` of `configDir`, by default SageMaker's `/opt/ml/input/config`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` when the file is not what SageMaker writes
 * @example
 * ```ts
 *  * import { readInputDataConfig } from 'recordpipe/pipemode';
 * const configDir = mkdtempSync('/tmp/config-');
 * writeFileSync(`${configDir}/inputdataconfig.json`, '{"train": {"TrainingInputMode": "Pipe"}}');
 * console.log(readInputDataConfig(configDir).train.TrainingInputMode); // Pipe
 * ```
 */
export function readInputDataConfig(configDir: string = CONFIG_DIR): InputDataConfig {
  const path = inputDataConfigPath(configDir);
  const config = readConfigFile(configDir, 'inputdataconfig.json');
  for (const [channel, value] of Object.entries(config)) {
    const described = configObject(value, `channel ${JSON.stringify(channel)}`, path);
    for (const key of TEXT_KEYS) configText(described[key], `${key} of channel ${channel}`, path);
  }
  return config as InputDataConfig;
}

/**
 * What the configuration says of one channel.
 * @throws RecordpipeError `unknown-channel`, naming those that there are
 */
export function channelConfig(config: InputDataConfig, channel: string, configDir: string): ChannelConfig {
  if (Object.hasOwn(config, channel)) return config[channel];
  const names = Object.keys(config);
  const known =
    names.length === 0 ? 'it has none' : `it has ${names.map((name) => JSON.stringify(name)).join(', ')}`;
  throw new RecordpipeError(
    'unknown-channel',
    `channel ${JSON.stringify(channel)} is not in the training job's input data configuration; ${known}`,
    { uri: inputDataConfigPath(configDir) },
  );
}

/** Whether the channel comes through named pipes. */
export function isPipeChannel({ TrainingInputMode = '' }: ChannelConfig): boolean {
  return TrainingInputMode.toLowerCase() === 'pipe';
}

/** The error for a channel whose data come in another way. */
export function notAPipeChannel(
  { TrainingInputMode }: ChannelConfig,
  channel: string,
  configDir: string,
): RecordpipeError {
  const mode = TrainingInputMode === undefined ? 'no TrainingInputMode' : `the mode ${TrainingInputMode}`;
  return new RecordpipeError(
    'not-a-pipe-channel',
    `channel ${channel} has ${mode}, expected Pipe; start the job in Pipe mode, or pass fileModeFallback: true to read the channel's files`,
    { uri: inputDataConfigPath(configDir) },
  );
}

function inputDataConfigPath(configDir: string): string {
  return join(configDir, 'inputdataconfig.json');
}

/** What SageMaker's containers say of a training job in their environment. A field is undefined where its variable is not set. */
export interface SageMakerEnvironment {
  /** `SM_CHANNELS`: the names of the channels. Where it is not set: the names of the `SM_CHANNEL_*` variables, in lower case. */
  readonly channels: readonly string[];
  /** `SM_CHANNEL_NAME`: the folder of each channel in File mode, by the channel's name. */
  readonly channelDirs: Readonly<Record<string, string>>;
  /** `SM_HOSTS` */
  readonly hosts: readonly string[] | undefined;
  /** `SM_CURRENT_HOST` */
  readonly currentHost: string | undefined;
  /** `SM_MODEL_DIR` */
  readonly modelDir: string | undefined;
  /** `SM_OUTPUT_DATA_DIR` */
  readonly outputDataDir: string | undefined;
  /** `SM_INPUT_DIR` */
  readonly inputDir: string | undefined;
  /** `SM_INPUT_CONFIG_DIR` */
  readonly inputConfigDir: string | undefined;
  /** `SM_NUM_GPUS` */
  readonly gpus: number | undefined;
  /** `SM_NUM_CPUS` */
  readonly cpus: number | undefined;
  /** `SM_HPS`, or the `SM_HP_*` variables: what the hyperparameters mean. */
  readonly hyperparameters: Readonly<Record<string, JsonValue>>;
}

/** Environment variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What SageMaker's containers say of this training job in the environment (`SM_*`).
 *
 * @param variables default: those of this process
 * @throws RecordpipeError `malformed-config` for a variable that does not hold what it should
 * @example
 * ```ts
 * import { readEnvironment } from 'recordpipe/pipemode';
 * const { channels, channelDirs } = readEnvironment({ SM_CHANNELS: '["train"]', SM_CHANNEL_TRAIN: '/opt/ml/input/data/train' });
 * console.log(channels, channelDirs.train); // [ 'train' ] /opt/ml/input/data/train
 * ```
 */
export function readEnvironment(variables: Variables = process.env): SageMakerEnvironment {
  const dirs = withPrefix(variables, 'SM_CHANNEL_');
  const channels = texts(variables, 'SM_CHANNELS') ?? Object.keys(dirs).map((name) => name.toLowerCase());
  const byName = channels.flatMap((channel): [string, string][] => {
    const dir = dirs[channel.toUpperCase()] ?? dirs[channel.toUpperCase().replaceAll('-', '_')];
    return dir === undefined ? [] : [[channel, dir]];
  });
  return {
    channels,
    channelDirs: Object.fromEntries(byName),
    hosts: texts(variables, 'SM_HOSTS'),
    currentHost: variables['SM_CURRENT_HOST'],
    modelDir: variables['SM_MODEL_DIR'],
    outputDataDir: variables['SM_OUTPUT_DATA_DIR'],
    inputDir: variables['SM_INPUT_DIR'],
    inputConfigDir: variables['SM_INPUT_CONFIG_DIR'],
    gpus: whole(variables, 'SM_NUM_GPUS'),
    cpus: whole(variables, 'SM_NUM_CPUS'),
    hyperparameters: hyperparameters(variables),
  };
}

function hyperparameters(variables: Variables): Record<string, JsonValue> {
  const all = json(variables, 'SM_HPS');
  if (all !== undefined) {
    if (typeof all === 'object' && all !== null && !Array.isArray(all))
      return { ...all } as Record<string, JsonValue>;
    throw unexpected('SM_HPS', 'a JSON object', variables['SM_HPS']);
  }
  const single: Hyperparameters = withPrefix(variables, 'SM_HP_');
  return Object.fromEntries(
    Object.entries(single).map(([name, text]) => [name.toLowerCase(), hyperparameterValue(text)]),
  );
}

/** The variables that begin with a prefix, by the rest of their names. */
function withPrefix(variables: Variables, prefix: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (name.startsWith(prefix) && value !== undefined) found[name.slice(prefix.length)] = value;
  }
  return found;
}

function texts(variables: Variables, name: string): string[] | undefined {
  const value = json(variables, name);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw unexpected(name, 'a JSON array of strings', variables[name]);
}

function whole(variables: Variables, name: string): number | undefined {
  const text = variables[name];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw unexpected(name, 'a whole number', text);
}

function json(variables: Variables, name: string): JsonValue | undefined {
  const text = variables[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw unexpected(name, 'JSON', text, error);
  }
}

function unexpected(
  name: string,
  expected: string,
  got: string | undefined,
  cause?: unknown,
): RecordpipeError {
  return new RecordpipeError('malformed-config', `${name}: expected ${expected}, got ${got}`, {}, cause);
}
