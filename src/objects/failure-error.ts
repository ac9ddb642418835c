import { type ErrorCode, type ErrorPlace, RecordpipeError } from '../errors.ts';
import type { FetchFailure, FetchFailureKind } from './fetch-failure.ts';

const CODES: Record<FetchFailureKind, ErrorCode> = {
  transient: 'retries-exhausted',
  throttled: 'retries-exhausted',
  expired: 'access-denied',
  denied: 'access-denied',
  missing: 'object-missing',
  changed: 'object-changed',
  fatal: 'io-failure',
  aborted: 'aborted',
};

/** The error that users get when there are no more attempts. `what` begins the sentence: what was being done. */
export function failureError(failure: FetchFailure, what: string, place: ErrorPlace): RecordpipeError {
  const { kind, message, requestId } = failure;
  const id = requestId === undefined ? '' : ` [request ${requestId}]`;
  return new RecordpipeError(CODES[kind], `${what}: ${message}${id}`, place, failure);
}
