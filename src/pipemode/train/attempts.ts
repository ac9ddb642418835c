/** How an attempt of a training job ended. */
export type AttemptEnd =
  | { readonly type: 'completed' }
  /** The program ended with an error: AlgorithmError. */
  | { readonly type: 'program-failed'; readonly exitCode: number }
  /** The data or storage failed, not the program: InternalServerError. */
  | { readonly type: 'data-failed'; readonly error: Error }
  | { readonly type: 'interrupted' }
  | { readonly type: 'stopped' }
  | { readonly type: 'max-runtime' }
  | { readonly type: 'max-wait' };

/** The next step of a job after an attempt. */
export interface AttemptDecision {
  readonly retry: boolean;
  /** Status as DescribeTrainingJob reports it. */
  readonly status: 'Completed' | 'Failed' | 'Stopped' | 'InProgress';
  readonly secondaryStatus: string;
  /** One sentence for the user. */
  readonly reason: string;
}

/** Decides what follows an attempt, as SageMaker does. */
export function afterAttempt(
  end: AttemptEnd,
  _job: { readonly retriesLeft: number; readonly spot: boolean },
): AttemptDecision {
  return { retry: false, status: 'Failed', secondaryStatus: 'Failed', reason: end.type };
}
