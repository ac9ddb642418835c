import { setTimeout as sleep } from 'node:timers/promises';
import { abortError } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import type { FetchFailure } from '../fetch-failure.ts';
import { objectError } from '../object-errors.ts';
import type { TransferOptions } from '../object-options.ts';
import { RetryBudget } from '../retry-budget.ts';
import { sendFailure } from './send-failure.ts';

/** One request, as often as it takes. */
export interface Retried {
  /** For messages: `part 3`. */
  readonly what: string;
  readonly uri: string;
  readonly options: TransferOptions;
  /** How long one attempt may take. */
  readonly attemptMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One attempt. */
export interface Attempt {
  readonly signal: AbortSignal;
  /** Whether an earlier attempt may have succeeded although its answer did not come. */
  readonly unsure: boolean;
}

/**
 * Sends a request until it succeeds, fails for good, or the budget of attempts or time is used up.
 * @throws RecordpipeError `aborted`, `access-denied`, `object-missing`, `already-exists` (412), `retries-exhausted`, `io-failure`; its cause is a FetchFailure
 */
export async function withRetries<R>(request: Retried, send: (attempt: Attempt) => Promise<R>): Promise<R> {
  const { options, signal } = request;
  const budget = new RetryBudget(options);
  let unsure = false;
  for (;;) {
    if (signal?.aborted) throw abortError(signal);
    let failure: FetchFailure;
    try {
      return await once(request, (own) => send({ signal: own, unsure }));
    } catch (error) {
      if (error instanceof RecordpipeError) throw error;
      failure = sendFailure(error, signal?.aborted === true);
    }
    if (signal?.aborted) throw abortError(signal);
    // An answer says what happened; but for 5xx, behind which it may have.
    unsure ||= failure.status === undefined || failure.status >= 500;
    const pause = budget.pauseAfter(failure, 0, 0);
    if (pause === undefined) throw failed(failure, request, budget);
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

/** Runs one attempt, which ends when the signal fires or its time is up. */
async function once<R>(
  { attemptMs, signal }: Retried,
  send: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const own = new AbortController();
  const stop = (): void => own.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  const timer = setTimeout(() => own.abort(new Error(`no answer within ${attemptMs} ms`)), attemptMs);
  try {
    return await send(own.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function failed(
  failure: FetchFailure,
  { what, uri }: Retried,
  { attempts, elapsedMs }: RetryBudget,
): RecordpipeError {
  if (failure.kind === 'changed') {
    const text = 'an object has that name by now; choose another one, or let it be replaced';
    return new RecordpipeError('already-exists', text, { uri }, failure);
  }
  if (failure.kind === 'denied') {
    const text = `${what}: access denied: ${failure.message}; writing takes s3:PutObject, and s3:AbortMultipartUpload to leave nothing behind`;
    return new RecordpipeError('access-denied', text, { uri }, failure);
  }
  if (failure.kind === 'fatal') {
    const text = `${what}: the service refuses it: ${failure.message}`;
    return new RecordpipeError('io-failure', text, { uri }, failure);
  }
  return objectError(failure, { uri, attempts, elapsedMs });
}
