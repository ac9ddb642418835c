import { abortError } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import type { FetchFailure } from '../fetch-failure.ts';
import { objectError } from '../object-errors.ts';
import type { TransferOptions } from '../object-options.ts';
import type { RetryBudget } from '../retry-budget.ts';
import { repeated } from '../s3/attempts.ts';
import { sendFailure } from './send-failure.ts';

/** One request of an upload. */
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
 * Sends a request of an upload until it succeeds, fails for good, or its budget is used up.
 * @throws RecordpipeError `aborted`, `access-denied`, `object-missing`, `already-exists` (412), `retries-exhausted`, `io-failure`; its cause is a FetchFailure
 */
export async function withRetries<R>(request: Retried, send: (attempt: Attempt) => Promise<R>): Promise<R> {
  const { options, signal, attemptMs } = request;
  if (signal?.aborted) throw abortError(signal);
  return repeated(
    {
      options,
      signal,
      attemptMs,
      failureOf: (error) => sendFailure(error, signal?.aborted === true),
      errorOf: (failure, budget) => (signal?.aborted ? abortError(signal) : failed(failure, request, budget)),
    },
    (attempt) => send(attempt as Attempt),
  );
}

function failed(
  failure: FetchFailure,
  { what, uri }: Retried,
  { attempts, elapsedMs }: RetryBudget,
): RecordpipeError {
  if (failure.kind === 'changed') {
    const text = 'an object of this name exists by now; choose another name, or allow overwriting';
    return new RecordpipeError('already-exists', text, { uri }, failure);
  }
  if (failure.kind === 'denied') {
    const text = `${what}: access denied: ${failure.message}; writing needs s3:PutObject, and s3:AbortMultipartUpload to clean up after a failure`;
    return new RecordpipeError('access-denied', text, { uri }, failure);
  }
  if (failure.kind === 'fatal') {
    const text = `${what}: the service rejects it: ${failure.message}`;
    return new RecordpipeError('io-failure', text, { uri }, failure);
  }
  return objectError(failure, { uri, attempts, elapsedMs });
}
