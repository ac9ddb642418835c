import type { S3DataType } from '../job/stream-channel.ts';
import type { InputMode, TrainingRequest } from '../job/training-request.ts';

/**
 * The actions that a training job would perform on this machine. Creating a plan reads, writes and
 * starts nothing.
 */
export interface TrainingPlan {
  readonly name: string;
  readonly hosts: readonly HostPlan[];
  /** The container image that runs the program. */
  readonly image: string | undefined;
  readonly maxRuntimeSeconds: number | undefined;
  readonly graceSeconds: number;
  readonly spot: boolean;
  readonly maxRetries: number;
  readonly checkpoint: TrainingRequest['checkpoint'];
  readonly output: TrainingRequest['output'];
  readonly metricDefinitions: TrainingRequest['metricDefinitions'];
  /** Descriptions of the fields of the request that have no effect. */
  readonly warnings: readonly string[];
}

/** The actions that a host would perform. */
export interface HostPlan {
  readonly name: string;
  readonly instanceGroup: string;
  readonly instanceType: string;
  /** The folder that represents `/opt/ml`. */
  readonly root: string;
  /** Whether the program sees that folder as `/opt/ml`. */
  readonly optMl: boolean;
  readonly command: readonly string[];
  /** The working directory of the program. */
  readonly workingDir: string;
  readonly channels: readonly ChannelPlan[];
  /** The variables of the program, excluding those that it inherits. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A channel of a host. */
export interface ChannelPlan {
  readonly name: string;
  readonly inputMode: InputMode;
  readonly uri: string;
  readonly dataType: S3DataType;
  readonly attributeNames: readonly string[];
  readonly distribution: 'FullyReplicated' | 'ShardedByS3Key';
  /** The folder of the files, or the first named pipe. */
  readonly path: string;
}
