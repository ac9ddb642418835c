import { type ErrorCode, isRecordpipeError, RecordpipeError } from '../errors.ts';
import { redacted, redactedCause } from '../redact.ts';

/** A request that failed permanently. */
export interface FailedRequest {
  readonly uri: string;
  /** Position of the range's first byte. */
  readonly start?: number | undefined;
  /**
   * Position after the range's last byte. If undefined, the range extends to the end of the object.
   */
  readonly end?: number | undefined;
  /** Number of consecutive failed attempts. Undefined if the failure is not retryable. */
  readonly attempts?: number | undefined;
  /** Time since the first failure. */
  readonly elapsedMs?: number | undefined;
}

/**
 * Returns the typed error for a request that failed permanently: what happened, where, and the next
 * step.
 */
export function objectError(failure: FetchFailure, request: FailedRequest): RecordpipeError {
  const { cause } = failure;
  if (isRecordpipeError(cause, 'missing-package', 'invalid-argument', 'unsupported-source')) return cause;
  const [code, text] = (isLocal(request.uri) ? fileSentence : sentence)(failure, request);
  return new RecordpipeError(code, text, { uri: request.uri }, failure);
}

function sentence(failure: FetchFailure, request: FailedRequest): readonly [ErrorCode, string] {
  const said = answer(failure);
  switch (failure.kind) {
    case 'missing':
      return [
        'object-missing',
        failure.code === 'NoSuchBucket'
          ? `the bucket does not exist: ${said}`
          : `the object does not exist: ${said}; check its name (keys are case-sensitive) and whether it was deleted`,
      ];
    case 'denied':
      return ['access-denied', `access denied: ${said}; ${remedy(failure)}`];
    case 'expired':
      return ['access-denied', `the credentials have expired: ${said}; renew them and try again`];
    case 'changed':
      return [
        'object-changed',
        `the object was overwritten while it was being read: ${said}; read it again or, in a versioned bucket, pin its version`,
      ];
    case 'aborted':
      return ['aborted', 'aborted by its signal'];
    case 'fatal':
      return ['io-failure', `${rangeText(request)}the request failed: ${said}`];
    default:
      return ['retries-exhausted', exhausted(said, request)];
  }
}

/**
 * Reports whether an address is a path or a `file:` URL. Callers may supply sources with their own
 * schemes.
 */
function isLocal(uri: string): boolean {
  return uri.startsWith('file:') || !/^[a-z][a-z0-9+.-]+:/i.test(uri);
}

/**
 * Returns the error code and message for a local file. Does not mention a bucket, endpoint or
 * credentials.
 */
function fileSentence(failure: FetchFailure, request: FailedRequest): readonly [ErrorCode, string] {
  const { kind, message } = failure;
  switch (kind) {
    case 'missing':
      return ['not-found', message];
    case 'denied':
      return ['access-denied', message];
    case 'changed':
      return [
        'object-changed',
        `the file was overwritten while it was being read: ${message}; read it again`,
      ];
    case 'aborted':
      return ['aborted', 'aborted by its signal'];
    default:
      return ['io-failure', `${rangeText(request)}${message}`];
  }
}

function exhausted(said: string, request: FailedRequest): string {
  const { attempts = 1, elapsedMs } = request;
  const tried = attempts === 1 ? '1 attempt failed' : `${attempts} attempts in a row failed`;
  const time = elapsedMs === undefined ? '' : ` in ${(elapsedMs / 1000).toFixed(1)} s`;
  return `${rangeText(request)}${tried}${time}; the last error: ${said}; try again later, or allow more time (retryTimeoutMs) and attempts (maxAttempts)`;
}

function rangeText({ start, end }: FailedRequest): string {
  if (start === undefined) return '';
  return end === undefined ? `bytes from ${start}: ` : `bytes ${start}-${end - 1}: `;
}

function remedy({ message }: FetchFailure): string {
  return message.includes('kms:')
    ? 'the encryption key of the object cannot be used; allow kms:Decrypt'
    : 'check the credentials and their permissions (s3:GetObject, s3:ListBucket)';
}

/**
 * Returns the service's response on one line: `503 SlowDown: Please reduce your request rate
 * (request 4442587FB7D0A2F9)`.
 */
function answer({ status, code, message, requestId }: FetchFailure): string {
  const head = [status, code].filter((one) => one !== undefined && !message.includes(String(one))).join(' ');
  const text = head === '' ? message : message === '' ? head : `${head}: ${message}`;
  return requestId === undefined ? text : `${text} (request ${requestId})`;
}

/**
 * The kind of a failure:
 *
 * - `transient`: worth retrying on a new connection (5xx, 408, resets, short bodies, time-outs);
 * - `throttled`: like `transient`, but the service requests a lower rate (503 SlowDown, 429);
 * - `expired`: the credentials have expired; retried once, with new ones;
 * - `changed`: the object is no longer the requested version (412, another ETag);
 * - `missing`: 404;
 * - `denied`: 401, 403;
 * - `fatal`: any other failure that a retry would not fix;
 * - `aborted`: the signal fired.
 */
export type FetchFailureKind =
  | 'transient'
  | 'throttled'
  | 'expired'
  | 'changed'
  | 'missing'
  | 'denied'
  | 'fatal'
  | 'aborted';

/** The failure of one attempt at a request. Internal; users receive a RecordpipeError. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly kind: FetchFailureKind;
  /**
   * The service's error code, such as `SlowDown` or `AccessDenied`, or the system's, such as
   * `ECONNRESET`.
   */
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Delay from the service's Retry-After header. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FetchFailureKind,
    message: string,
    details: {
      readonly code?: string | undefined;
      readonly status?: number | undefined;
      readonly requestId?: string | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(
      redacted(message),
      details.cause === undefined ? undefined : { cause: redactedCause(details.cause) },
    );
    this.kind = kind;
    this.code = details.code;
    this.status = details.status;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }
}
