import { FetchFailure, type FetchFailureKind } from '../fetch-failure.ts';

/** What the SDK throws for an answer that says no. */
interface ServiceError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired']);
const THROTTLED = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequests',
]);
/** Answers with a 400 that say that the bytes did not arrive as they were sent: another attempt may do better. */
const ON_THE_WAY = new Set([
  'RequestTimeout',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'RequestTimeTooSkewed',
]);
const TRANSIENT_STATUS = new Set([408, 409, 500, 502, 504]);

/** Why a request failed, as a kind that says whether to try again. @param aborted whether the caller's signal has fired */
export function sendFailure(error: unknown, aborted: boolean): FetchFailure {
  if (error instanceof FetchFailure) return error;
  const failed = error as ServiceError;
  const status = failed.$metadata?.httpStatusCode;
  const kind = aborted ? 'aborted' : kindOf(failed, status);
  const retryAfter = Number(failed.$response?.headers?.['retry-after']);
  return new FetchFailure(kind, textOf(failed, status), {
    code: failed.code ?? failed.name,
    status,
    requestId: failed.$metadata?.requestId,
    retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined,
    cause: error,
  });
}

function kindOf({ name }: ServiceError, status: number | undefined): FetchFailureKind {
  if (name === 'CredentialsProviderError') return 'denied';
  if (name === 'RangeError' || name === 'TypeError') return 'fatal';
  if (status === undefined) return 'transient'; // no answer: connection refused, reset, timed out
  if (EXPIRED.has(name)) return 'expired';
  if (THROTTLED.has(name) || status === 429 || status === 503) return 'throttled';
  if (ON_THE_WAY.has(name) || TRANSIENT_STATUS.has(status)) return 'transient';
  if (status === 412) return 'changed';
  if (status === 404) return 'missing';
  return status === 401 || status === 403 ? 'denied' : 'fatal';
}

function textOf({ name, message, code }: ServiceError, status: number | undefined): string {
  const said = message === '' || message === 'UnknownError' ? (code ?? name) : `${code ?? name}: ${message}`;
  return status === undefined ? said : `${status} ${said}`;
}
