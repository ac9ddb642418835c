import { FetchFailure, type FetchFailureKind } from '../fetch-failure.ts';

/** What the SDK throws, as far as it is looked at. */
interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly Region?: string;
}

const THROTTLING = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestLimitExceeded',
  'TooManyRequests',
  'TooManyRequestsException',
  'BandwidthLimitExceeded',
  'ServiceUnavailable',
]);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']);
/** The SDK has set its clock by the answer, so that the next attempt is good. */
const TRANSIENT = new Set(['RequestTimeTooSkewed', 'RequestTimeout', 'InternalError', 'OperationAborted']);
const MISSING = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound', 'NoSuchVersion']);

/** What a failed call of the SDK means for another attempt. */
export function s3Failure(error: unknown, signal?: AbortSignal): FetchFailure {
  if (error instanceof FetchFailure) return error;
  if (signal?.aborted) return new FetchFailure('aborted', 'the request was aborted', { cause: error });
  const thrown = error as Thrown;
  const status = thrown.$metadata?.httpStatusCode;
  if (status === undefined) return connectionFailure(thrown);
  if (status >= 200 && status < 300) return unreadable(thrown, status);
  const code = codeOf(thrown, status);
  const headers = thrown.$response?.headers ?? {};
  return new FetchFailure(kindOf(code, status), textOf(code, status, thrown), {
    code,
    status,
    requestId: thrown.$metadata?.requestId ?? headers['x-amz-request-id'],
    retryAfterMs: retryAfter(headers['retry-after']),
    cause: error,
  });
}

/** It began well: a document that was cut on the way, or is none. */
function unreadable(thrown: Thrown, status: number): FetchFailure {
  const reason = thrown.message?.split(/\.?\n/, 1)[0] ?? '';
  return new FetchFailure('transient', `the answer cannot be read: ${reason}`, {
    code: 'unreadable-answer',
    status,
    requestId: thrown.$metadata?.requestId,
    cause: thrown,
  });
}

/** The region that an answer says the bucket is in. */
export function regionTold(error: unknown): string | undefined {
  const { $response, Region, $metadata } = error as Thrown;
  const status = $metadata?.httpStatusCode ?? 0;
  if (status !== 301 && status !== 307 && status !== 400) return undefined;
  return $response?.headers?.['x-amz-bucket-region'] ?? (Region || undefined);
}

/** Answers to HEAD have no document, and the SDK makes up a name. */
function codeOf({ name }: Thrown, status: number): string {
  if (name !== undefined && !/^(Error|Unknown|UnknownError|\d+)$/.test(name)) return name;
  return STATUS_CODES[status] ?? `HTTP ${status}`;
}

const STATUS_CODES: Record<number, string> = {
  301: 'PermanentRedirect',
  304: 'NotModified',
  403: 'Forbidden',
  404: 'NotFound',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
};

function kindOf(code: string, status: number): FetchFailureKind {
  if (THROTTLING.has(code) || status === 429 || status === 503) return 'throttled';
  if (EXPIRED.has(code)) return 'expired';
  if (TRANSIENT.has(code) || status === 408 || status >= 500) return 'transient';
  if (MISSING.has(code) || status === 404) return 'missing';
  if (status === 412 || status === 304) return 'changed';
  if (status === 401 || status === 403) return 'denied';
  return 'fatal';
}

function textOf(code: string, status: number, { message = '' }: Thrown): string {
  const said =
    /^(|UnknownError|Unknown|Error)$|Deserialization error/.test(message) || message === code
      ? ''
      : `: ${message.replace(/\.$/, '')}`;
  const advice = adviceFor(code, status);
  return `the service answered ${status} ${code}${said}${advice === undefined ? '' : `; ${advice}`}`;
}

/** What only this answer wants: what follows from its kind is said where the failure becomes an error. */
function adviceFor(code: string, status: number): string | undefined {
  if (code === 'NoSuchBucket') return 'check the name of the bucket and the endpoint';
  if (code === 'InvalidAccessKeyId' || code === 'SignatureDoesNotMatch')
    return 'check that the credentials belong to this endpoint';
  if (code === 'RequestTimeTooSkewed') return 'the clock of this machine is wrong';
  if (status === 400) return 'check region and credentials';
  return undefined;
}

/** Seconds, or a date. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const CREDENTIALS = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;

/** Nothing was answered, or not all. */
export function connectionFailure(error: Thrown): FetchFailure {
  const { name = '', message = '' } = error;
  const code = codeInside(error) ?? name;
  const details = { code, cause: error };
  if (name === 'AbortError') return new FetchFailure('aborted', 'the request was aborted', details);
  if (CREDENTIALS.test(name))
    return new FetchFailure(
      'denied',
      `no credentials: ${message.replace(/\.$/, '')}; log in (aws configure, aws sso login), or ask for public objects without a signature`,
      details,
    );
  if (TRANSIENT_CODES.test(code))
    return new FetchFailure('transient', TEXTS[code] ?? `the connection failed: ${message}`, details);
  if (/CERT|^ERR_TLS|SELF_SIGNED|^UNABLE_TO/.test(code))
    return new FetchFailure(
      'fatal',
      `the certificate of the service is not trusted: ${message}; NODE_EXTRA_CA_CERTS names a file with the one to trust`,
      details,
    );
  return new FetchFailure('fatal', message || name, details);
}

const TRANSIENT_CODES =
  /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EPROTO|UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET|RES_CONTENT_LENGTH_MISMATCH|INFO)|HPE_\w+|TimeoutError|(Connect|Headers|Body)Timeout|MalformedAnswer)$/;

const TEXTS: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there (ECONNREFUSED); check the endpoint',
  ENOTFOUND: 'the host has no address (ENOTFOUND); check endpoint and region, and the name of the bucket',
  EAI_AGAIN: 'names of hosts are not resolved at the moment (EAI_AGAIN)',
  ConnectTimeout: 'no connection in time',
  HeadersTimeout: 'no answer in time',
  BodyTimeout: 'the answer stalled',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stalled',
};

interface Nested {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** The system's code, which may lie under others, or under several attempts to connect. */
function codeInside(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause, errors } = error as Nested;
  if (typeof code === 'string' && code !== 'UND_ERR_SOCKET') return code;
  return codeInside(cause ?? errors?.[0]) ?? (typeof code === 'string' ? code : undefined);
}
