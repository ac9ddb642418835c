import { failureError } from '../failure-error.ts';
import { FetchFailure } from '../fetch-failure.ts';
import type { TransferOptions } from '../object-options.ts';
import { s3Failure } from './s3-failures.ts';

export type AttemptLimits = Pick<TransferOptions, 'maxAttempts' | 'retryTimeoutMs'>;

/**
 * Repeats a small request until it succeeds or another attempt would not help. The SDK's own attempts draw on one budget for all calls of a client,
 * which an outage of seconds uses up for all of them.
 * @throws RecordpipeError with the failure as its cause
 */
export async function attempted<Result>(
  attempt: () => Promise<Result>,
  { what, uri }: { readonly what: string; readonly uri: string },
  { maxAttempts, retryTimeoutMs }: AttemptLimits,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const deadline = performance.now() + retryTimeoutMs;
  let refreshed = false;
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      const failure = s3Failure(error, signal);
      const { kind } = failure;
      const worth = kind === 'transient' || kind === 'throttled' || (kind === 'expired' && !refreshed);
      refreshed ||= kind === 'expired';
      const wait = waitAfter(failure, tried);
      if (!worth || tried >= maxAttempts || performance.now() + wait > deadline) {
        const times = tried > 1 && worth ? ` (${tried} attempts)` : '';
        throw failureError(failure, `${what} failed${times}`, { uri });
      }
      await sleep(wait, signal);
      if (signal?.aborted)
        throw failureError(new FetchFailure('aborted', 'the request was aborted'), `${what} failed`, { uri });
    }
  }
}

const FIRST_MS = 100;
const FIRST_THROTTLED_MS = 1_000;
const LONGEST_MS = 20_000;

/** Growing, and anything up to that, so that many that failed together do not come back together. */
function waitAfter({ kind, retryAfterMs }: FetchFailure, tried: number): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, LONGEST_MS);
  if (kind === 'expired') return 0;
  const first = kind === 'throttled' ? FIRST_THROTTLED_MS : FIRST_MS;
  return Math.random() * Math.min(LONGEST_MS, first * 2 ** (tried - 1));
}

/** Ends early, without an error, when the signal fires. */
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
