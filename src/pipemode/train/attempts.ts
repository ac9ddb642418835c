import { isRecordpipeError } from '../../errors.ts';

/** How an attempt of a training job ended. */
export type AttemptEnd =
  | { readonly type: 'completed' }
  /** The program ended with an exit code other than 0: AlgorithmError. */
  | { readonly type: 'program-failed'; readonly exitCode: number }
  /** The data or the artifacts could not be transferred. */
  | { readonly type: 'data-failed'; readonly error: unknown }
  /** The spot instance was reclaimed. */
  | { readonly type: 'interrupted' }
  /** The user stopped the job. */
  | { readonly type: 'stopped' }
  /** StoppingCondition.MaxRuntimeInSeconds has passed, summed over all attempts. */
  | { readonly type: 'max-runtime' }
  /** StoppingCondition.MaxWaitTimeInSeconds has passed, summed over all attempts and waits. */
  | { readonly type: 'max-wait' };

/** The next step of a job after an attempt, in the terms of DescribeTrainingJob. */
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
  /** One sentence for the user. */
  readonly reason: string;
}

/**
 * Codes of failures of the service or the network: SageMaker's InternalServerError. Other failures
 * of data, such as a missing object, are a ClientError, because another attempt fails again.
 */
const SERVICE_FAILURES: ReadonlySet<string> = new Set([
  'retries-exhausted',
  'io-failure',
  'object-changed',
  'object-checksum',
]);

/**
 * Decides what follows an attempt, as SageMaker does:
 *
 * - RetryStrategy repeats a job after an InternalServerError only. It never repeats a job whose
 *   program failed, whose data is missing or invalid, or that was stopped.
 * - Managed spot training repeats a job after each interruption, without a limit other than
 *   MaxWaitTimeInSeconds.
 *
 * Rules: RetryStrategy, StoppingCondition and DescribeTrainingJob in SageMaker's API reference.
 *
 * @param job `retriesLeft`: RetryStrategy.MaximumRetryAttempts minus the attempts that failed;
 *   `spot`: EnableManagedSpotTraining
 */
export function afterAttempt(
  end: AttemptEnd,
  job: { readonly retriesLeft: number; readonly spot: boolean },
): AttemptDecision {
  const { retriesLeft, spot } = job;
  switch (end.type) {
    case 'completed':
      return final('Completed', 'Completed', 'the program ended with exit code 0');
    case 'program-failed': {
      const why = `AlgorithmError: the program failed with exit code ${end.exitCode}`;
      return final('Failed', 'Failed', why + notRetried(retriesLeft, 'failures of the program'));
    }
    case 'data-failed':
      return afterDataFailure(end.error, retriesLeft);
    case 'interrupted':
      if (spot) {
        const reason = 'the spot instance was interrupted; the job starts again from its checkpoints';
        return { retry: true, status: 'InProgress', secondaryStatus: 'Interrupted', reason };
      }
      return final(
        'Stopped',
        'Stopped',
        'the job was interrupted, and it does not use managed spot training',
      );
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
    return final('Failed', 'Failed', why + notRetried(retriesLeft, 'missing, denied or invalid data'));
  }
  const why = `InternalServerError: ${text}`;
  if (retriesLeft <= 0) return final('Failed', 'Failed', why);
  const left = retriesLeft === 1 ? '1 retry is' : `${retriesLeft} retries are`;
  const reason = `${why}. The job starts again; ${left} left`;
  return { retry: true, status: 'InProgress', secondaryStatus: 'Starting', reason };
}

function notRetried(retriesLeft: number, what: string): string {
  return retriesLeft > 0 ? `. RetryStrategy does not retry ${what}` : '';
}

function final(
  status: AttemptDecision['status'],
  secondaryStatus: AttemptDecision['secondaryStatus'],
  reason: string,
): AttemptDecision {
  return { retry: false, status, secondaryStatus, reason };
}
