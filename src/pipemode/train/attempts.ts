import { isRecordpipeError } from '../../errors.ts';

/** The outcome of an attempt of a training job. */
export type AttemptEnd =
  | { readonly type: 'completed' }
  /** The program exited with a code other than 0: AlgorithmError. */
  | { readonly type: 'program-failed'; readonly exitCode: number }
  /** The data or the artifacts could not be transferred. */
  | { readonly type: 'data-failed'; readonly error: unknown }
  /** The spot instance was reclaimed. */
  | { readonly type: 'interrupted' }
  /** The user stopped the job. */
  | { readonly type: 'stopped' }
  /** The job reached StoppingCondition.MaxRuntimeInSeconds, summed over all attempts. */
  | { readonly type: 'max-runtime' }
  /** The job reached StoppingCondition.MaxWaitTimeInSeconds, summed over all attempts and waits. */
  | { readonly type: 'max-wait' };

/** The next step of a job after an attempt, in terms of DescribeTrainingJob. */
export interface AttemptDecision {
  /** Whether another attempt starts. */
  readonly retry: boolean;
  readonly status: 'Completed' | 'Failed' | 'Stopped' | 'InProgress';
  readonly secondaryStatus:
    | 'Completed'
    | 'Failed'
    | 'Stopped'
    | 'MaxRuntimeExceeded'
    | 'MaxWaitTimeExceeded'
    | 'Interrupted'
    | 'Starting';
  /** Reason as one sentence, for users. */
  readonly reason: string;
}

/**
 * Codes of failures of the service or the network: SageMaker's InternalServerError. Other data
 * failures, such as a missing object, are a ClientError, because another attempt would fail again.
 */
const SERVICE_FAILURES: ReadonlySet<string> = new Set([
  'retries-exhausted',
  'io-failure',
  'object-changed',
  'object-checksum',
]);

/** Exit code of `docker run` and `podman run` if the container could not be started. */
const CLIENT_FAILED = 125;

/**
 * Decides what happens after an attempt, following SageMaker's rules:
 *
 * - RetryStrategy retries a job only after an InternalServerError. It never retries a job whose
 *   program failed, whose data is missing or invalid, or that was stopped.
 * - Managed spot training retries a job after each interruption. The only limit is
 *   MaxWaitTimeInSeconds.
 *
 * Rules: RetryStrategy, StoppingCondition and DescribeTrainingJob in SageMaker's API reference.
 *
 * @param job `retriesLeft`: RetryStrategy.MaximumRetryAttempts minus the failed attempts; `spot`:
 *   EnableManagedSpotTraining; `hasImage`: whether a container ran the program
 */
export function afterAttempt(
  end: AttemptEnd,
  job: { readonly retriesLeft: number; readonly spot: boolean; readonly hasImage?: boolean },
): AttemptDecision {
  const { retriesLeft, spot } = job;
  switch (end.type) {
    case 'completed':
      return final('Completed', 'Completed', 'the program exited with code 0');
    case 'program-failed': {
      const container =
        job.hasImage && end.exitCode === CLIENT_FAILED
          ? ', which can also mean that docker or podman could not start the container; see the message above'
          : '';
      const why = `AlgorithmError: the program failed with exit code ${end.exitCode}${container}`;
      return final('Failed', 'Failed', why + notRetried(retriesLeft, 'program failures'));
    }
    case 'data-failed':
      return afterDataFailure(end.error, retriesLeft);
    case 'interrupted':
      if (spot) {
        const reason = 'the spot instance was interrupted; the job restarts from its checkpoints';
        return { retry: true, status: 'InProgress', secondaryStatus: 'Interrupted', reason };
      }
      return final('Stopped', 'Stopped', 'the job was interrupted and does not use managed spot training');
    case 'stopped':
      return final('Stopped', 'Stopped', 'the job was stopped');
    case 'max-runtime':
      return final('Stopped', 'MaxRuntimeExceeded', 'the job reached MaxRuntimeInSeconds');
    case 'max-wait':
      return final('Stopped', 'MaxWaitTimeExceeded', 'the job reached MaxWaitTimeInSeconds');
  }
}

function afterDataFailure(error: unknown, retriesLeft: number): AttemptDecision {
  const text = error instanceof Error ? error.message : String(error);
  if (!isRecordpipeError(error) || !SERVICE_FAILURES.has(error.code)) {
    const why = `ClientError: ${text}`;
    return final('Failed', 'Failed', why + notRetried(retriesLeft, 'missing, inaccessible or invalid data'));
  }
  const why = `InternalServerError: ${text}`;
  if (retriesLeft <= 0) return final('Failed', 'Failed', why);
  const left = retriesLeft === 1 ? '1 retry is' : `${retriesLeft} retries are`;
  const reason = `${why}. The job restarts; ${left} left`;
  return { retry: true, status: 'InProgress', secondaryStatus: 'Starting', reason };
}

function notRetried(retriesLeft: number, what: string): string {
  return retriesLeft > 0 ? `. RetryStrategy does not cover ${what}` : '';
}

function final(
  status: AttemptDecision['status'],
  secondaryStatus: AttemptDecision['secondaryStatus'],
  reason: string,
): AttemptDecision {
  return { retry: false, status, secondaryStatus, reason };
}
