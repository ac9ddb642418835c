import type { InputMode, StreamChannel, StreamChannelInput } from './stream-channel.ts';

/** A channel of a training job. */
export interface JobChannel extends StreamChannel {
  /** How the data reaches the program: as a named pipe, or as files. */
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
  /** Name of the job: `TrainingJobName`. The default contains the current time. */
  readonly name: string;
  /**
   * AWS region: the hyperparameter `sagemaker_region`, or the region of this environment, or
   * `us-east-1`.
   */
  readonly region: string;
  /** Address of the job in AWS's notation, with the account of the role. */
  readonly arn: string;
  /** Hyperparameters as in the request: all values are strings. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** Variables for the training program. */
  readonly environment: Readonly<Record<string, string>>;
  readonly channels: readonly JobChannel[];
  /** The groups of machines. A job with `InstanceCount` has one group, `homogeneousCluster`. */
  readonly instanceGroups: readonly InstanceGroup[];
  /** The command of the container, if it is not that of the image. */
  readonly containerEntrypoint: readonly string[];
  readonly containerArguments: readonly string[];
  /** The container image of the request: `TrainingImage`. */
  readonly image: string | undefined;
  /** Maximum time that the job runs. Undefined: no limit. */
  readonly maxRuntimeSeconds: number | undefined;
  /** For spot training, the maximum time of the job with all interruptions. */
  readonly maxWaitSeconds: number | undefined;
  /** Whether the job uses managed spot training. */
  readonly spot: boolean;
  /** How often SageMaker repeats a job that failed for an internal reason. The default is 0. */
  readonly maxRetries: number;
  /** The place where checkpoints are kept, and the folder in which the program writes them. */
  readonly checkpoint: { readonly uri: string; readonly localPath: string } | undefined;
  /** The place for the model and the output of the job. */
  readonly output: { readonly uri: string; readonly compression: 'GZIP' | 'NONE' } | undefined;
  /** Metrics that are extracted from the log, each with a regular expression. */
  readonly metricDefinitions: readonly { readonly name: string; readonly regex: string }[];
  /** The fields that are accepted but have no effect, each with what it means here. */
  readonly warnings: readonly string[];
}

/** The settings of a training job as given by the caller. Every field has a default. */
export interface TrainingRequestInput
  extends Partial<{
    readonly [K in Exclude<keyof TrainingRequest, 'channels' | 'checkpoint' | 'output'>]:
      | TrainingRequest[K]
      | undefined;
  }> {
  /** The channels. An address alone is the channel `training`, as in `estimator.fit`. */
  readonly channels?: readonly JobChannelInput[] | string | undefined;
  /** `localPath` is `/opt/ml/checkpoints` by default. */
  readonly checkpoint?: { readonly uri: string; readonly localPath?: string | undefined } | undefined;
  /** `compression` is `GZIP` by default. */
  readonly output?: { readonly uri: string; readonly compression?: 'GZIP' | 'NONE' | undefined } | undefined;
  /** Input mode of channels without one. The default is `File`. */
  readonly inputMode?: InputMode | undefined;
  /** Number of machines of a job with one group. The default is 1. */
  readonly instanceCount?: number | undefined;
  /** Type of the machines of a job with one group. The default is `local`. */
  readonly instanceType?: string | undefined;
}

/** A machine of a training job. */
export interface JobHost {
  /** `algo-1`, `algo-2`, … */
  readonly name: string;
  readonly group: InstanceGroup;
}
