import { join } from 'node:path';
import { RecordpipeError } from '../errors.ts';
import { CONFIG_DIR, configObject, configText, readConfigFile } from './config-file.ts';

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
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { readInputDataConfig } from 'recordpipe/pipemode';
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
