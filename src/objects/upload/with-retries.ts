import { setTimeout as sleep } from 'node:timers/promises';
import { abortError } from '../../bytes/abortable.ts';
import { type ErrorCode, RecordpipeError } from '../../errors.ts';
import type { FetchFailure, FetchFailureKind } from '../fetch-failure.ts';
import type { TransferOptions } from '../object-options.ts';
import { sendFailure } from './send-failure.ts';

const BACKOFF_MS = 100;
const THROTTLED_BACKOFF_MS = 1_000;
const MOST_BACKOFF_MS = 20_000;

/** One request, as often as it takes. */
export interface Retried {
  /** For messages: `part 3`. */
  readonly what: string;
  readonly uri: string;
  readonly options: Pick<TransferOptions, 'maxAttempts' | 'retryTimeoutMs'>;
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
  const giveUpAt = performance.now() + options.retryTimeoutMs;
  let unsure = false;
  let renewed = false;
  for (let attempts = 1; ; attempts++) {
    if (signal?.aborted) throw abortError(signal);
    let failure: FetchFailure;
    try {
      return await once(request, (own) => send({ signal: own, unsure }));
    } catch (error) {
      if (error instanceof RecordpipeError) throw error;
      failure = sendFailure(error, signal?.aborted === true);
    }
    if (failure.kind === 'aborted' && signal !== undefined) throw abortError(signal);
    // With an answer of the service it is known what happened; but for 5xx, behind which it may have.
    unsure ||= failure.status === undefined || failure.status >= 500;
    const again =
      failure.kind === 'transient' ||
      failure.kind === 'throttled' ||
      (failure.kind === 'expired' && !renewed);
    renewed ||= failure.kind === 'expired';
    const wait = pause(failure, attempts);
    if (!again) throw refused(failure, request);
    if (attempts >= options.maxAttempts || performance.now() + wait > giveUpAt)
      throw exhausted(failure, request, attempts);
    await sleep(wait, undefined, { signal }).catch(() => {});
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

/** Full jitter: parts that failed together do not come back together. */
function pause({ kind, retryAfterMs }: FetchFailure, attempts: number): number {
  const base = kind === 'throttled' ? THROTTLED_BACKOFF_MS : BACKOFF_MS;
  const most = Math.min(base * 2 ** (attempts - 1), MOST_BACKOFF_MS);
  return Math.max(Math.random() * most, retryAfterMs ?? 0);
}

const CODES: Partial<Record<FetchFailureKind, readonly [code: ErrorCode, next: string]>> = {
  missing: ['object-missing', 'is the bucket there, and its name right?'],
  denied: [
    'access-denied',
    'check the credentials, and that they may write there (s3:PutObject, s3:AbortMultipartUpload, s3:ListMultipartUploadParts)',
  ],
  expired: ['access-denied', 'renew the credentials'],
  changed: ['already-exists', 'an object has that name by now'],
};

function refused(failure: FetchFailure, { what, uri }: Retried): RecordpipeError {
  const [code, next] = CODES[failure.kind] ?? ['io-failure', 'the service refuses the request'];
  return new RecordpipeError(
    code,
    `${what}: ${failure.message}; ${next}${requestText(failure)}`,
    { uri },
    failure,
  );
}

function exhausted(failure: FetchFailure, { what, uri }: Retried, attempts: number): RecordpipeError {
  const text = `${what} failed ${attempts} times, the last time with ${failure.message}${requestText(failure)}`;
  return new RecordpipeError('retries-exhausted', text, { uri }, failure);
}

function requestText({ requestId }: FetchFailure): string {
  return requestId === undefined ? '' : ` [request ${requestId}]`;
}
