import type { InputMode, StreamChannel, StreamChannelInput } from './stream-channel.ts';

/** A channel of a training job. */
export interface JobChannel extends StreamChannel {
  /** How the data reaches the program: as a named pipe, or as files. */
  readonly inputMode: InputMode;
  /** Names of the instance groups that receive the channel. Empty: all groups. */
  readonly instanceGroups: readonly string[];
}

/** A channel as given by the caller. `inputMode` defaults to the input mode of the job. */
export type JobChannelInput = StreamChannelInput & {
  /** How the program receives the data. Default: that of the job. */
  readonly inputMode?: InputMode | undefined;
  /** Names of the instance groups that get the channel. Default: all. */
  readonly instanceGroups?: readonly string[] | undefined;
};

/** A group of identical instances. */
export interface InstanceGroup {
  /** Name of the group. */
  readonly name: string;
  /** Instance type of its hosts. */
  readonly instanceType: string;
  /** Number of its hosts. */
  readonly instanceCount: number;
}

/** The settings of a training job: a CreateTrainingJob request with all defaults applied. */
export interface TrainingRequest {
  /** Name of the job: `TrainingJobName`. The default is derived from the current time. */
  readonly name: string;
  /**
   * AWS region: the hyperparameter `sagemaker_region`, else the region of this environment, else
   * `us-east-1`.
   */
  readonly region: string;
  /** ARN of the job, with the account of the role. */
  readonly arn: string;
  /** Hyperparameters as in the request, where all values are strings. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** Environment variables for the training program. */
  readonly environment: Readonly<Record<string, string>>;
  /** The channels of the job. */
  readonly channels: readonly JobChannel[];
  /** The instance groups. A job with `InstanceCount` has one group, `homogeneousCluster`. */
  readonly instanceGroups: readonly InstanceGroup[];
  /** Command that replaces the entry point of the image. */
  readonly containerEntrypoint: readonly string[];
  /** Arguments of the entry point. */
  readonly containerArguments: readonly string[];
  /** The container image of the request: `TrainingImage`. */
  readonly image: string | undefined;
  /** Maximum running time of the job. If undefined, there is no limit. */
  readonly maxRuntimeSeconds: number | undefined;
  /** For spot training, the maximum time of the job including interruptions. */
  readonly maxWaitSeconds: number | undefined;
  /** Whether the job uses managed spot training. */
  readonly spot: boolean;
  /** Maximum number of retries after an internal failure of SageMaker. The default is 0. */
  readonly maxRetries: number;
  /** The location where checkpoints are stored, and the folder in which the program writes them. */
  readonly checkpoint:
    | {
        /** Path or address of the saved checkpoints. */
        readonly uri: string;
        /** The folder in which the program writes checkpoints. */
        readonly localPath: string;
      }
    | undefined;
  /** The location for the model and the output of the job. */
  readonly output:
    | {
        /** Path or address of the folder. */
        readonly uri: string;
        /** Compression of the archives. */
        readonly compression: 'GZIP' | 'NONE';
      }
    | undefined;
  /** Metrics to extract from the log, each with a regular expression. */
  readonly metricDefinitions: readonly {
    /** Name of the metric. */
    readonly name: string;
    /** Expression that finds the value in the output of the program. */
    readonly regex: string;
  }[];
  /** Descriptions of the fields that are accepted but have no effect here. */
  readonly warnings: readonly string[];
}

/** The settings of a training job as given by the caller. Every field has a default. */
export interface TrainingRequestInput
  extends Partial<{
    readonly [K in Exclude<keyof TrainingRequest, 'channels' | 'checkpoint' | 'output'>]:
      | TrainingRequest[K]
      | undefined;
  }> {
  /** The channels. A single address is the channel `training`, as in `estimator.fit`. */
  readonly channels?: readonly JobChannelInput[] | string | undefined;
  /** Where to store checkpoints. `localPath` is `/opt/ml/checkpoints` by default. */
  readonly checkpoint?: { readonly uri: string; readonly localPath?: string | undefined } | undefined;
  /** Where to save the model and output. `compression` is `GZIP` by default. */
  readonly output?: { readonly uri: string; readonly compression?: 'GZIP' | 'NONE' | undefined } | undefined;
  /** Input mode of channels that do not set one. The default is `File`. */
  readonly inputMode?: InputMode | undefined;
  /** Number of instances, for a job with one group. The default is 1. */
  readonly instanceCount?: number | undefined;
  /** Instance type, for a job with one group. The default is `local`. */
  readonly instanceType?: string | undefined;
}

/** A host of a training job. */
export interface JobHost {
  /** Name of the host: `algo-1`, `algo-2`, … */
  readonly name: string;
  /** Instance group of the host. */
  readonly group: InstanceGroup;
}
