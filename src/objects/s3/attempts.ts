import { setTimeout as sleep } from 'node:timers/promises';
import { allowListeners, onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import type { FetchFailure } from '../fetch-failure.ts';
import { objectError } from '../object-errors.ts';
import type { TransferOptions } from '../object-options.ts';
import { RetryBudget } from '../retry-budget.ts';
import { s3Failure } from './s3-failures.ts';

/** One request, and how it is repeated. */
export interface Repeated {
  readonly options: TransferOptions;
  readonly signal: AbortSignal | undefined;
  /** How long one attempt may take; undefined: the watchdog of the request handler alone decides. */
  readonly attemptMs?: number | undefined;
  /** What a failed attempt means. */
  failureOf(error: unknown): FetchFailure;
  /** The error for the last failure. */
  errorOf(failure: FetchFailure, budget: RetryBudget): Error;
}

export interface Attempt {
  readonly signal: AbortSignal | undefined;
  /** Whether an earlier attempt may have succeeded although its answer did not come. */
  readonly unsure: boolean;
}

/**
 * Repeats a request other than a ranged GET until it succeeds, fails for good, or its budget is used up. The SDK's own
 * retries draw on one budget for all calls of a client, which an outage of seconds uses up for all of them.
 * @throws what `errorOf` returns; a RecordpipeError that an attempt throws
 */
export async function repeated<R>(request: Repeated, send: (attempt: Attempt) => Promise<R>): Promise<R> {
  const { options, signal } = request;
  allowListeners(signal);
  const budget = new RetryBudget(options);
  let unsure = false;
  for (;;) {
    const sentAt = performance.now();
    let failure: FetchFailure;
    try {
      return await once(request, (own) => send({ signal: own, unsure }));
    } catch (error) {
      if (error instanceof RecordpipeError) throw error;
      failure = request.failureOf(error);
    }
    // An answer says what happened, except for 5xx, after which it may have.
    unsure ||= failure.status === undefined || failure.status >= 500;
    const pause = budget.pauseAfter(failure, 0, 0, sentAt);
    if (pause === undefined || signal?.aborted) throw request.errorOf(failure, budget);
    // Ends early when the signal fires; the next attempt says so.
    await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

/** Runs one attempt, which ends when the signal fires or its time is up. */
async function once<R>(
  { attemptMs, signal }: Repeated,
  send: (signal: AbortSignal | undefined) => Promise<R>,
): Promise<R> {
  if (attemptMs === undefined) return send(signal);
  const own = new AbortController();
  const stop = (): void => own.abort(signal?.reason);
  onAbort(signal, stop);
  if (signal?.aborted) stop();
  const timer = setTimeout(() => own.abort(new Error(`no answer within ${attemptMs} ms`)), attemptMs);
  try {
    return await send(own.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/** Repeats a request for `uri`. @throws RecordpipeError with the failure as its cause */
export function attempted<Result>(
  attempt: () => Promise<Result>,
  uri: string,
  options: TransferOptions,
  signal: AbortSignal | undefined,
): Promise<Result> {
  return repeated(
    {
      options,
      signal,
      failureOf: (error) => s3Failure(error, signal),
      errorOf: (failure, { attempts, elapsedMs }) => objectError(failure, { uri, attempts, elapsedMs }),
    },
    attempt,
  );
}
