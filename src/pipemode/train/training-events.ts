import type { RecordpipeError } from '../../errors.ts';
import type { InputMode } from '../job/training-request.ts';
import type { StreamEvent } from '../streamer/stream-events.ts';
import type { SavedArtifacts } from './artifacts.ts';
import type { MetricsReport } from './metrics.ts';

/** An event of a training job. More kinds and fields may be added. */
export type TrainingEvent =
  | TrainingStatus
  | TrainingWarning
  | FillingEvent
  | FilledEvent
  | ProgramStart
  | ProgramEnd
  | RestoredEvent
  | (Exclude<StreamEvent, { readonly event: 'warning' }> & { readonly host: string });

/** The job enters a phase. */
export interface TrainingStatus {
  readonly event: 'status';
  /**
   * `Downloading`, `Training`, `Uploading`, `Restarting`, `Interrupted`, …, as in SageMaker's
   * SecondaryStatus.
   */
  readonly status: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Reason as one sentence, if the status has one. */
  readonly reason: string | undefined;
}

/** A notice that does not end the job. */
export interface TrainingWarning {
  readonly event: 'warning';
  readonly host: string | undefined;
  readonly channel: string | undefined;
  readonly code: string;
  readonly message: string;
}

/** Progress of filling a channel in File mode. */
export interface FillingEvent {
  readonly event: 'filling';
  readonly host: string;
  readonly channel: string;
  readonly files: number;
  readonly bytes: number;
  readonly totalFiles: number | undefined;
  readonly totalBytes: number | undefined;
}

/** A channel in File or FastFile mode is ready. */
export interface FilledEvent {
  readonly event: 'filled';
  readonly host: string;
  readonly channel: string;
  readonly inputMode: InputMode;
  readonly files: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** Checkpoints were restored. */
export interface RestoredEvent {
  readonly event: 'restored';
  readonly host: string;
  readonly files: number;
  readonly bytes: number;
}

/** The program of a host starts. */
export interface ProgramStart {
  readonly event: 'program-start';
  readonly host: string;
  readonly command: readonly string[];
}

/** The program of a host ended. */
export interface ProgramEnd {
  readonly event: 'program-end';
  readonly host: string;
  readonly exitCode: number;
}

/** The outcome of a training job. */
export interface TrainingResult {
  readonly name: string;
  /** Status as DescribeTrainingJob reports it. */
  readonly status: 'Completed' | 'Failed' | 'Stopped';
  /** `Completed`, `Failed`, `Stopped`, `MaxRuntimeExceeded`, `MaxWaitTimeExceeded`, … */
  readonly secondaryStatus: string;
  /** Reason for the end of the job, as one sentence. */
  readonly reason: string;
  /** Text that the program wrote to `output/failure`. */
  readonly failureReason: string | undefined;
  /** The error of the data or the environment that ended the job. */
  readonly error: RecordpipeError | undefined;
  /**
   * Exit code of the job: that of the program that failed first. Undefined if no program exited on
   * its own, for example because data could not be read.
   */
  readonly exitCode: number | undefined;
  readonly hosts: readonly HostResult[];
  readonly attempts: number;
  readonly seconds: number;
  readonly artifacts: SavedArtifacts;
  readonly metrics: MetricsReport;
}

/** The outcome of the last attempt on one host. */
export interface HostResult {
  readonly host: string;
  /** The folder that represents `/opt/ml`. */
  readonly root: string;
  /** Exit code of the program. Undefined if it did not start. */
  readonly exitCode: number | undefined;
  /** Whether recordpipe killed the program after the grace period. */
  readonly killed: boolean;
}
