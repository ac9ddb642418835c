import { RecordpipeError } from '../../errors.ts';
import {
  CONFIG_DIR,
  configObject,
  configPath,
  configText,
  readConfigFile,
  writeConfigFile,
} from './config-file.ts';
import type { JobChannel } from './training-request.ts';

/** A channel of a training job, as described in `inputdataconfig.json`. Unknown keys are kept. */
export interface ChannelConfig {
  /** Input mode: `Pipe`, `File` or `FastFile`, in any case. */
  readonly TrainingInputMode?: string;
  /** Media type of the data, if the job states it. */
  readonly ContentType?: string;
  /** Distribution of the data to hosts: `FullyReplicated` or `ShardedByS3Key`. */
  readonly S3DistributionType?: string;
  /** Whether SageMaker wraps each object, or each attribute, in a record: `None` or `RecordIO`. */
  readonly RecordWrapperType?: string;
  /** Compression of the objects in S3: `None` or `Gzip`. SageMaker decompresses them. */
  readonly CompressionType?: string;
  /** Other fields of the file. */
  readonly [key: string]: unknown;
}

/** All channels of a training job, by name. */
export type InputDataConfig = Readonly<Record<string, ChannelConfig>>;

const TEXT_KEYS = [
  'TrainingInputMode',
  'ContentType',
  'S3DistributionType',
  'RecordWrapperType',
  'CompressionType',
] as const;

/**
 * Reads `inputdataconfig.json`, which describes the channels of this training job.
 *
 * @param configDir the folder of the file; by default, SageMaker's `/opt/ml/input/config`
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` for a file
 * that SageMaker would not write
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
  const config = readConfigFile(path);
  for (const [channel, value] of Object.entries(config)) {
    const described = configObject(value, `channel ${JSON.stringify(channel)}`, path);
    for (const key of TEXT_KEYS) configText(described[key], `${key} of channel ${channel}`, path);
  }
  return config as InputDataConfig;
}

/** Writes `inputdataconfig.json`. */
export function writeInputDataConfig(configDir: string, channels: readonly JobChannel[]): void {
  writeConfigFile(inputDataConfigPath(configDir), inputDataConfig(channels));
}

/** Returns the contents of `inputdataconfig.json`. */
export function inputDataConfig(channels: readonly JobChannel[]): InputDataConfig {
  const entries = channels.map((channel): [string, ChannelConfig] => {
    const { name, contentType, inputMode, distribution, recordWrapper, compression } = channel;
    const config = {
      ...(contentType !== undefined && { ContentType: contentType }),
      TrainingInputMode: inputMode,
      S3DistributionType: distribution,
      RecordWrapperType: recordWrapper,
      ...(compression !== 'None' && { CompressionType: compression }),
    };
    return [name, config];
  });
  return Object.fromEntries(entries);
}

/**
 * Returns the configuration of one channel.
 * @throws RecordpipeError `unknown-channel`, with a list of the existing channels
 */
export function channelConfig(config: InputDataConfig, channel: string, configDir: string): ChannelConfig {
  if (Object.hasOwn(config, channel)) return config[channel];
  const names = Object.keys(config).map((name) => JSON.stringify(name));
  const known =
    names.length === 0 ? 'the configuration has no channels' : `known channels: ${names.join(', ')}`;
  const what = `channel ${JSON.stringify(channel)} is not in the training job's input data configuration; ${known}`;
  throw new RecordpipeError('unknown-channel', what, { uri: inputDataConfigPath(configDir) });
}

/** Reports whether the channel is in Pipe mode. */
export function isPipeChannel({ TrainingInputMode = '' }: ChannelConfig): boolean {
  return TrainingInputMode.toLowerCase() === 'pipe';
}

/** Returns the error for a channel that is not in Pipe mode. */
export function notAPipeChannel(
  { TrainingInputMode }: ChannelConfig,
  channel: string,
  configDir: string,
): RecordpipeError {
  const mode = TrainingInputMode === undefined ? 'no TrainingInputMode' : `the mode ${TrainingInputMode}`;
  const what = `channel ${channel} has ${mode}, expected Pipe; start the job in Pipe mode, or pass fileModeFallback: true to read the channel's files`;
  return new RecordpipeError('not-a-pipe-channel', what, { uri: inputDataConfigPath(configDir) });
}

function inputDataConfigPath(configDir: string): string {
  return configPath(configDir, 'inputdataconfig');
}
