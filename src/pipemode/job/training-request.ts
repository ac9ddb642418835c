import { readFileSync } from 'node:fs';
import { withFileErrors } from './config-file.ts';
import {
  parseTrainingInput,
  type StreamChannel,
  type StreamChannelInput,
  streamChannel,
} from './stream-channel.ts';

/** How the data of a channel reaches the training program, in SageMaker's terms. */
export type InputMode = 'Pipe' | 'File' | 'FastFile';

/** A channel of a training job. */
export interface JobChannel extends StreamChannel {
  readonly inputMode: InputMode;
  /** Names of the instance groups that receive the channel. Empty: all groups. */
  readonly instanceGroups: readonly string[];
}

/** A channel as given by the caller. The default of `inputMode` is that of the job. */
export type JobChannelInput = StreamChannelInput & {
  readonly inputMode?: InputMode | undefined;
  readonly instanceGroups?: readonly string[] | undefined;
};

/** A group of equal machines. */
export interface InstanceGroup {
  readonly name: string;
  readonly instanceType: string;
  readonly instanceCount: number;
}

/** The settings of a training job: a CreateTrainingJob request with all defaults applied. */
export interface TrainingRequest {
  /** Name of the job: `TrainingJobName`. */
  readonly name: string;
  readonly region: string;
  readonly arn: string;
  /** Hyperparameters as in the request: all values are strings. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly channels: readonly JobChannel[];
  /** The groups of machines. A job with `InstanceCount` has one group, `homogeneousCluster`. */
  readonly instanceGroups: readonly InstanceGroup[];
  readonly containerEntrypoint: readonly string[];
  readonly containerArguments: readonly string[];
  readonly image: string | undefined;
  readonly maxRuntimeSeconds: number | undefined;
  readonly maxWaitSeconds: number | undefined;
  /** Whether the job uses managed spot training. */
  readonly spot: boolean;
  readonly maxRetries: number;
  readonly checkpoint: { readonly uri: string; readonly localPath: string } | undefined;
  readonly output: { readonly uri: string; readonly compression: 'GZIP' | 'NONE' } | undefined;
  readonly metricDefinitions: readonly { readonly name: string; readonly regex: string }[];
  /** The fields that are accepted but have no effect, each with what it means here. */
  readonly warnings: readonly string[];
}

/** The settings of a training job as given by the caller. Every field has a default. */
export interface TrainingRequestInput
  extends Partial<{
    readonly [K in keyof Omit<TrainingRequest, 'channels'>]: TrainingRequest[K] | undefined;
  }> {
  readonly channels?: readonly JobChannelInput[] | undefined;
  /** Input mode of channels without one. The default is `File`. */
  readonly inputMode?: InputMode | undefined;
  /** Number of equal machines, if there are no `instanceGroups`. The default is 1. */
  readonly instanceCount?: number | undefined;
  readonly instanceType?: string | undefined;
}

/** A machine of a training job. */
export interface JobHost {
  /** `algo-1`, `algo-2`, … */
  readonly name: string;
  readonly group: InstanceGroup;
}

/** Reads a CreateTrainingJob request. */
export function readTrainingRequest(path: string): TrainingRequest {
  return parseTrainingRequest(
    withFileErrors(path, () => readFileSync(path, 'utf8')),
    path,
  );
}

/** Parses a CreateTrainingJob request. */
export function parseTrainingRequest(text: string, uri: string): TrainingRequest {
  const request = JSON.parse(text);
  return trainingRequest({
    name: request.TrainingJobName,
    hyperparameters: request.HyperParameters,
    environment: request.Environment,
    channels: parseTrainingInput(text, uri),
    inputMode: request.AlgorithmSpecification?.TrainingInputMode,
    instanceCount: request.ResourceConfig?.InstanceCount,
    instanceType: request.ResourceConfig?.InstanceType,
  });
}

/** Applies defaults to the settings of a training job and checks them. */
export function trainingRequest(given: TrainingRequestInput): TrainingRequest {
  const { channels = [], inputMode = 'File', instanceCount = 1, instanceType = 'local', ...rest } = given;
  const region = given.region ?? 'us-east-1';
  const name = given.name ?? `recordpipe-${new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-')}`;
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    name,
    region,
    arn: `arn:aws:sagemaker:${region}:123456789012:training-job/${name}`,
    hyperparameters: {},
    environment: {},
    instanceGroups: [{ name: 'homogeneousCluster', instanceType, instanceCount }],
    containerEntrypoint: [],
    containerArguments: [],
    image: undefined,
    maxRuntimeSeconds: undefined,
    maxWaitSeconds: undefined,
    spot: false,
    maxRetries: 0,
    checkpoint: undefined,
    output: undefined,
    metricDefinitions: [],
    warnings: [],
    ...present,
    channels: channels.map(({ inputMode: own, instanceGroups = [], ...channel }) => ({
      ...streamChannel(channel),
      inputMode: own ?? inputMode,
      instanceGroups,
    })),
  };
}

/** Returns the machines of a job: algo-1 to algo-N, group after group. */
export function jobHosts({ instanceGroups }: TrainingRequest): readonly JobHost[] {
  const groups = instanceGroups.flatMap((group) => Array.from({ length: group.instanceCount }, () => group));
  return groups.map((group, i) => ({ name: `algo-${i + 1}`, group }));
}
