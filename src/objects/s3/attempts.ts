import { objectError } from '../object-errors.ts';
import type { TransferOptions } from '../object-options.ts';
import { RetryBudget } from '../retry-budget.ts';
import { s3Failure } from './s3-failures.ts';

/**
 * Repeats a small request until it succeeds or another attempt would not help. The SDK's own attempts draw on one budget for all calls of a client,
 * which an outage of seconds uses up for all of them.
 * @throws RecordpipeError with the failure as its cause
 */
export async function attempted<Result>(
  attempt: () => Promise<Result>,
  uri: string,
  options: TransferOptions,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const budget = new RetryBudget(options);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const failure = s3Failure(error, signal);
      const pause = budget.pauseAfter(failure, 0, 0);
      if (pause === undefined || signal?.aborted)
        throw objectError(s3Failure(error, signal), {
          uri,
          attempts: budget.attempts,
          elapsedMs: budget.elapsedMs,
        });
      await sleep(pause, signal);
    }
  }
}

/** Ends early, without an error, when the signal fires: the next attempt says so. */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
    if (signal?.aborted) done();
  });
}
