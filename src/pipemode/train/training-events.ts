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
  | (Exclude<StreamEvent, { readonly event: 'warning' }> & {
      /** Name of the host. */
      readonly host: string;
    });

/** The job enters a phase. */
export interface TrainingStatus {
  /** Kind of the event. */
  readonly event: 'status';
  /**
   * `Downloading`, `Training`, `Uploading`, `Restarting`, `Interrupted`, …, as in SageMaker's
   * SecondaryStatus.
   */
  readonly status: string;
  /** One-based number of the attempt. */
  readonly attempt: number;
  /** Reason for the status, in one sentence. Omitted if there is no reason. */
  readonly reason: string | undefined;
}

/** A notice that does not end the job. */
export interface TrainingWarning {
  /** Kind of the event. */
  readonly event: 'warning';
  /** Name of the host to which the warning applies. Omitted if it applies to no particular host. */
  readonly host: string | undefined;
  /**
   * Name of the channel to which the warning applies. Omitted if it applies to no particular
   * channel.
   */
  readonly channel: string | undefined;
  /** Identifies the kind of warning. */
  readonly code: string;
  /** Human-readable description. */
  readonly message: string;
}

/** Progress of filling a channel in File mode. */
export interface FillingEvent {
  /** Kind of the event. */
  readonly event: 'filling';
  /** Name of the host. */
  readonly host: string;
  /** Name of the channel. */
  readonly channel: string;
  /** Number of files that are complete. */
  readonly files: number;
  /** Number of bytes that were written. */
  readonly bytes: number;
  /** Final number of files, if known. */
  readonly totalFiles: number | undefined;
  /** Final number of bytes, if known. */
  readonly totalBytes: number | undefined;
}

/** A channel in File or FastFile mode is ready. */
export interface FilledEvent {
  /** Kind of the event. */
  readonly event: 'filled';
  /** Name of the host. */
  readonly host: string;
  /** Name of the channel. */
  readonly channel: string;
  /** How the program receives the data. */
  readonly inputMode: InputMode;
  /** Number of files. */
  readonly files: number;
  /** Number of bytes. */
  readonly bytes: number;
  /** Duration, in seconds. */
  readonly seconds: number;
}

/** Checkpoints were restored. */
export interface RestoredEvent {
  /** Kind of the event. */
  readonly event: 'restored';
  /** Name of the host. */
  readonly host: string;
  /** Number of restored files. */
  readonly files: number;
  /** Number of restored bytes. */
  readonly bytes: number;
}

/** The program on a host starts. */
export interface ProgramStart {
  /** Kind of the event. */
  readonly event: 'program-start';
  /** Name of the host. */
  readonly host: string;
  /** The command and its arguments. */
  readonly command: readonly string[];
}

/** The program on a host ended. */
export interface ProgramEnd {
  /** Kind of the event. */
  readonly event: 'program-end';
  /** Name of the host. */
  readonly host: string;
  /** Exit code of the program. */
  readonly exitCode: number;
}

/** The outcome of a training job. */
export interface TrainingResult {
  /** Name of the job. */
  readonly name: string;
  /** Status of the job, as DescribeTrainingJob reports it. */
  readonly status: 'Completed' | 'Failed' | 'Stopped';
  /** `Completed`, `Failed`, `Stopped`, `MaxRuntimeExceeded`, `MaxWaitTimeExceeded`, … */
  readonly secondaryStatus: string;
  /** Reason why the job ended, in one sentence. */
  readonly reason: string;
  /** Text that the program wrote to `output/failure`. */
  readonly failureReason: string | undefined;
  /** The error of the data or the environment that ended the job. */
  readonly error: RecordpipeError | undefined;
  /**
   * Exit code of the job, which is the exit code of the program that failed first. Undefined if no
   * program exited on its own, for example because data could not be read.
   */
  readonly exitCode: number | undefined;
  /** The outcome on each host. */
  readonly hosts: readonly HostResult[];
  /** Number of attempts. */
  readonly attempts: number;
  /** Duration of the job, in seconds. */
  readonly seconds: number;
  /** Addresses at which the model and the output were saved. */
  readonly artifacts: SavedArtifacts;
  /** Values of the metrics. */
  readonly metrics: MetricsReport;
}

/** The outcome of the last attempt on one host. */
export interface HostResult {
  /** Name of the host. */
  readonly host: string;
  /** The folder that represents `/opt/ml`. */
  readonly root: string;
  /** Exit code of the program. Undefined if the program did not start. */
  readonly exitCode: number | undefined;
  /** Whether recordpipe killed the program after the grace period. */
  readonly killed: boolean;
}
