import { hostChannels } from './host-channels.ts';
import { type JobPaths, localPath } from './training-job.ts';
import type { JobChannel, JobHost, TrainingRequest } from './training-request.ts';

/**
 * Spellings in these files of the constants of a request. Public listings of real containers show
 * `S3_PREFIX`, `SHARDED_BY_S3_KEY`, `FILE` and `NONE`; the others follow the same pattern.
 */
const CONSTANTS = {
  S3Prefix: 'S3_PREFIX',
  ManifestFile: 'MANIFEST_FILE',
  AugmentedManifestFile: 'AUGMENTED_MANIFEST_FILE',
  FullyReplicated: 'FULLY_REPLICATED',
  ShardedByS3Key: 'SHARDED_BY_S3_KEY',
  None: 'NONE',
  Gzip: 'GZIP',
  RecordIO: 'RECORDIO',
  File: 'FILE',
  Pipe: 'PIPE',
  FastFile: 'FAST_FILE',
} as const;

/**
 * Returns the contents of `trainingjobconfig.json`: the request, with its constants spelled
 * differently. Omits the environment variables of the request, because they may be secret.
 */
export function trainingJobConfig(request: TrainingRequest, paths: JobPaths): object {
  const { checkpoint, output, instanceGroups, maxRuntimeSeconds, maxWaitSeconds, maxRetries } = request;
  const [{ instanceCount, instanceType }] = instanceGroups;
  const groups = instanceGroups.map((group) => ({
    InstanceGroupName: group.name,
    InstanceType: group.instanceType,
    InstanceCount: group.instanceCount,
  }));
  const { containerEntrypoint, containerArguments, image, metricDefinitions } = request;
  return {
    EnableManagedSpotTraining: request.spot,
    HyperParameters: request.hyperparameters,
    InputDataConfig: request.channels.map(channelConfig),
    ...(output && { OutputDataConfig: { S3OutputPath: output.uri, CompressionType: output.compression } }),
    ResourceConfig:
      groups.length > 1
        ? { InstanceGroups: groups }
        : { InstanceCount: instanceCount, InstanceType: instanceType },
    TrainingJobName: request.name,
    StoppingCondition: { MaxRuntimeInSeconds: maxRuntimeSeconds, MaxWaitTimeInSeconds: maxWaitSeconds },
    ...(maxRetries > 0 && { RetryStrategy: { MaximumRetryAttempts: maxRetries } }),
    AlgorithmSpecification: {
      MetricDefinitions: metricDefinitions.map(({ name, regex }) => ({ Name: name, Regex: regex })),
      TrainingImage: image,
      ...(containerEntrypoint.length > 0 && { ContainerEntrypoint: containerEntrypoint }),
      ...(containerArguments.length > 0 && { ContainerArguments: containerArguments }),
    },
    TrainingJobArn: request.arn,
    ...(checkpoint && {
      CheckpointConfig: { S3Uri: checkpoint.uri, LocalPath: localPath(checkpoint.localPath, paths) },
    }),
  };
}

function channelConfig(channel: JobChannel): object {
  const { uri, dataType, distribution, attributeNames, instanceGroups, shuffleSeed } = channel;
  return {
    ChannelName: channel.name,
    DataSource: {
      S3DataSource: {
        S3DataType: CONSTANTS[dataType],
        S3Uri: uri,
        S3DataDistributionType: CONSTANTS[distribution],
        ...(attributeNames.length > 0 && { AttributeNames: attributeNames }),
        ...(instanceGroups.length > 0 && { InstanceGroupNames: instanceGroups }),
      },
    },
    ...(channel.contentType !== undefined && { ContentType: channel.contentType }),
    CompressionType: CONSTANTS[channel.compression],
    RecordWrapperType: CONSTANTS[channel.recordWrapper],
    InputMode: CONSTANTS[channel.inputMode],
    ...(shuffleSeed !== undefined && { ShuffleConfig: { Seed: shuffleSeed } }),
  };
}

/** Returns the contents of `init-config.json`, which SageMaker's own agent reads. */
export function initConfig(
  request: TrainingRequest,
  host: JobHost,
  paths: JobPaths,
  hosts: readonly JobHost[],
): object {
  const { checkpoint } = request;
  const channels = hostChannels(request, host).map((channel): [string, object] => [
    channel.name,
    {
      ...sourceOf({
        s3DataType: CONSTANTS[channel.dataType],
        s3Uri: channel.uri,
        s3DataDistributionType: CONSTANTS[channel.distribution],
        attributeNames: channel.attributeNames.length > 0 ? channel.attributeNames : null,
      }),
      compressionType: CONSTANTS[channel.compression],
      recordWrapper: CONSTANTS[channel.recordWrapper],
      shuffleConfig: channel.shuffleSeed === undefined ? null : { seed: channel.shuffleSeed },
      inputMode: CONSTANTS[channel.inputMode],
      sharded: channel.distribution === 'ShardedByS3Key',
    },
  ]);
  const checkpointChannel = checkpoint && {
    name: 'checkpoints',
    channel: {
      ...sourceOf({
        s3DataType: 'S3_PREFIX',
        s3Uri: checkpoint.uri,
        s3DataDistributionType: null,
        attributeNames: null,
      }),
      ...{ compressionType: null, recordWrapper: null, shuffleConfig: null },
      ...{ inputMode: 'FILE', sharded: false },
    },
    outputPath: paths.checkpointDir,
    allowEmpty: true,
  };
  return {
    inputMode: CONSTANTS[request.channels[0]?.inputMode ?? 'File'],
    channels: Object.fromEntries(channels),
    checkpointChannel: checkpointChannel ?? null,
    hostConfig: {
      clusterSize: hosts.length,
      hostNumber: hosts.findIndex(({ name }) => name === host.name) + 1,
    },
    enableAdditionalPlatformLoggingForCustomer: false,
    jobRunInfo: { jobRunNumber: 1 },
  };
}

function sourceOf(s3DataSource: object): object {
  return { s3DataSource, fileSystemDataSource: null };
}
