import { setTimeout as sleep } from 'node:timers/promises';
import { allowListeners, onAbort } from '../../bytes/abortable.ts';
import { trace } from '../../bytes/trace.ts';
import { RecordpipeError } from '../../errors.ts';
import { FetchFailure, objectError } from '../errors.ts';
import type { TransferOptions } from '../object-options.ts';
import { RetryBudget } from '../prefetch/attempts.ts';
import { s3Failure } from './failures.ts';

/** A request that is retried. */
interface RetriedRequest {
  readonly uri: string;
  readonly options: TransferOptions;
  readonly signal: AbortSignal | undefined;
  /** Maximum duration of an attempt. If undefined, the HTTP client's timeouts apply. */
  readonly attemptMs?: number | undefined;
  /** Converts the last failure to an error. Default: `objectError`. */
  errorOf?(failure: FetchFailure, budget: RetryBudget): Error;
}

export interface Attempt {
  /** Fires when the request is aborted or the attempt takes too long. */
  readonly signal: AbortSignal | undefined;
  /** Whether an earlier attempt may have succeeded even though its response was lost. */
  readonly unsure: boolean;
}

/**
 * Sends a request until it succeeds, fails permanently, or exhausts its budget. Used for all
 * requests except ranged GETs. The SDK's retries are disabled, because it shares one budget among
 * all calls of a client, so that a short outage would fail all of them.
 *
 * @throws RecordpipeError, with the last failure as its cause
 */
export async function retry<R>(request: RetriedRequest, send: (attempt: Attempt) => Promise<R>): Promise<R> {
  const { uri, options, signal } = request;
  allowListeners(signal);
  const budget = new RetryBudget(options);
  let unsure = false;
  for (;;) {
    const sentAt = performance.now();
    let failure: FetchFailure;
    try {
      return await limited(request, (attemptSignal) => send({ signal: attemptSignal, unsure }));
    } catch (error) {
      if (error instanceof RecordpipeError) throw error;
      failure = s3Failure(error, signal);
      if (failure.kind === 'aborted' && !signal?.aborted)
        failure = new FetchFailure('transient', 'response timed out', { cause: error });
    }
    // The request may also have succeeded after a 5xx response.
    unsure ||= failure.status === undefined || failure.status >= 500;
    const pauseMs = budget.pauseAfter(failure, 0, 0, sentAt);
    if (pauseMs === undefined || signal?.aborted) {
      const { attempts, elapsedMs } = budget;
      throw request.errorOf?.(failure, budget) ?? objectError(failure, { uri, attempts, elapsedMs });
    }
    trace('retry', () => `${uri}: ${failure.message}; next attempt in ${Math.round(pauseMs)} ms`);
    // The wait ends early if the signal fires; the next attempt then fails.
    await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

async function limited<R>(
  { attemptMs, signal }: RetriedRequest,
  send: (signal: AbortSignal | undefined) => Promise<R>,
): Promise<R> {
  if (attemptMs === undefined) return send(signal);
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  onAbort(signal, stop);
  if (signal?.aborted) stop();
  const timer = setTimeout(
    () => controller.abort(new Error(`no response within ${attemptMs} ms`)),
    attemptMs,
  );
  try {
    return await send(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
