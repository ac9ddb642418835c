import type { S3DataType } from '../job/stream-channel.ts';
import type { InputMode, TrainingRequest } from '../job/training-request.ts';

/**
 * The actions that a training job would perform on this machine. Creating a plan reads, writes and
 * starts nothing.
 */
export interface TrainingPlan {
  /** Name of the job. */
  readonly name: string;
  /** The hosts of the job. */
  readonly hosts: readonly HostPlan[];
  /** The container image that runs the program. */
  readonly image: string | undefined;
  /** Time after which the job is stopped, in seconds; missing if there is no limit. */
  readonly maxRuntimeSeconds: number | undefined;
  /** Time between SIGTERM and SIGKILL, in seconds. */
  readonly graceSeconds: number;
  /** Whether the job uses managed spot training. */
  readonly spot: boolean;
  /** Maximum number of retries after a service failure. */
  readonly maxRetries: number;
  /**
   * Address where `train` saves checkpoints and from which it restores them, and the local
   * checkpoint folder.
   */
  readonly checkpoint: TrainingRequest['checkpoint'];
  /** Address at which `train` saves the model and the output. */
  readonly output: TrainingRequest['output'];
  /** The metrics to extract from the output of the program. */
  readonly metricDefinitions: TrainingRequest['metricDefinitions'];
  /** Descriptions of the fields of the request that have no effect. */
  readonly warnings: readonly string[];
}

/** What a host would run and receive. */
export interface HostPlan {
  /** Name of the host. */
  readonly name: string;
  /** Name of the instance group of the host. */
  readonly instanceGroup: string;
  /** Instance type of the host. */
  readonly instanceType: string;
  /** The folder that represents `/opt/ml`. */
  readonly root: string;
  /** Whether the program sees the `root` folder as `/opt/ml`. */
  readonly optMl: boolean;
  /** The program and its arguments; empty if the entry point of the image runs. */
  readonly command: readonly string[];
  /** The working directory of the program. */
  readonly workingDir: string;
  /** The channels that the host receives. */
  readonly channels: readonly ChannelPlan[];
  /** Environment variables that are set for the program, excluding inherited variables. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A channel that a host receives. */
export interface ChannelPlan {
  /** Name of the channel. */
  readonly name: string;
  /** How the program receives the data. */
  readonly inputMode: InputMode;
  /** Path or address of the data. */
  readonly uri: string;
  /** S3DataType of the channel. */
  readonly dataType: S3DataType;
  /** Attributes to read from an augmented manifest. */
  readonly attributeNames: readonly string[];
  /**
   * Whether each host receives all data (`FullyReplicated`) or only its share (`ShardedByS3Key`).
   */
  readonly distribution: 'FullyReplicated' | 'ShardedByS3Key';
  /** Path of the folder that contains the files, or of the first named pipe. */
  readonly path: string;
}
