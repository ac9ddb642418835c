import { FetchFailure, type FetchFailureKind } from '../errors.ts';

/** The fields of an SDK exception that this module uses. */
interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly Region?: string;
  /** The environment variable with the URL of the proxy that the request used. */
  readonly proxyVariable?: string;
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
const TRANSIENT = new Set([
  'RequestTimeTooSkewed', // The next attempt will use the service's time.
  'RequestTimeout',
  'InternalError',
  'OperationAborted',
  // The body of an upload was corrupted in transit.
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'ConditionalRequestConflict', // A concurrent upload of the same object.
]);
const MISSING = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound', 'NoSuchVersion']);

/** Classifies a failed SDK call. See FetchFailureKind. */
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

/** Returns the failure for a 2xx response whose document is truncated or not XML. */
function unreadable(thrown: Thrown, status: number): FetchFailure {
  const reason = thrown.message?.split(/\.?\n/, 1)[0] ?? '';
  return new FetchFailure('transient', `the response cannot be parsed: ${reason}`, {
    code: 'unreadable-response',
    status,
    requestId: thrown.$metadata?.requestId,
    cause: thrown,
  });
}

/** Matches valid region names. A region becomes part of host names and signatures. */
const REGION = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Returns the region of the bucket if a failed response names it. */
export function regionInResponse(error: unknown): string | undefined {
  const { $response, Region, $metadata } = error as Thrown;
  const status = $metadata?.httpStatusCode ?? 0;
  if (status !== 301 && status !== 307 && status !== 400) return undefined;
  const region = $response?.headers?.['x-amz-bucket-region'] ?? Region ?? '';
  return REGION.test(region) ? region : undefined;
}

/**
 * Returns the error code. A response to a HEAD request has no document, so the SDK invents a name.
 */
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

/** Maximum length of a service's message in an error, because a service may send anything. */
const MAX_MESSAGE_CHARACTERS = 500;

function textOf(code: string, status: number, { message: full = '' }: Thrown): string {
  const message = full.length > MAX_MESSAGE_CHARACTERS ? `${full.slice(0, MAX_MESSAGE_CHARACTERS)}…` : full;
  const detail =
    /^(|UnknownError|Unknown|Error)$|Deserialization error/.test(message) || message === code
      ? ''
      : `: ${message.replace(/\.$/, '')}`;
  const advice = adviceFor(code, status);
  return `the service returned ${status} ${code}${detail}${advice === undefined ? '' : `; ${advice}`}`;
}

/** Returns advice for this error code. `objectError` adds advice for the kind of failure. */
function adviceFor(code: string, status: number): string | undefined {
  if (code === 'NoSuchBucket') return 'check the bucket name and the endpoint';
  if (code === 'InvalidAccessKeyId' || code === 'SignatureDoesNotMatch')
    return 'check that the credentials belong to this endpoint';
  if (code === 'RequestTimeTooSkewed') return 'the clock of this machine is wrong';
  if (status === 400) return 'check the region and the credentials';
  return undefined;
}

/** Parses a Retry-After header, which contains seconds or a date. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const CREDENTIALS = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;

/** Classifies a request that received no complete response. */
export function connectionFailure(error: Thrown): FetchFailure {
  const { name = '', message = '' } = error;
  const code = codeInside(error) ?? name;
  const details = { code, cause: error };
  if (/^Proxy response \(\d+\)/.test(message))
    return new FetchFailure(
      'fatal',
      `the proxy refused the connection: ${message}${proxyText(error)}`,
      details,
    );
  if (name === 'AbortError') return new FetchFailure('aborted', 'the request was aborted', details);
  if (CREDENTIALS.test(name))
    return new FetchFailure(
      'denied',
      `no credentials: ${message.replace(/\.$/, '')}; log in (aws configure, aws sso login) or, for public buckets, send unsigned requests`,
      details,
    );
  const text = connectionText(code, message, name) + proxyText(error);
  return new FetchFailure(TRANSIENT_CODES.test(code) ? 'transient' : 'fatal', text, details);
}

const NOT_TLS = /wrong version number|packet length too long|http request/i;

function connectionText(code: string, message: string, name: string): string {
  const known = TEXTS[code];
  if (known !== undefined) return known;
  if (code === 'EndlessDocument') return `${message}; check that the endpoint is an S3 service`;
  if (NOT_TLS.test(message))
    return 'the endpoint does not support TLS; check the scheme (http:// or https://) and port of its URL';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate is for a different host: ${message}; check the endpoint, or use path style for bucket names with dots`;
  if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(code))
    return `the certificate of the service has expired or is not yet valid: ${message}; check its dates and the clock of this machine`;
  if (/CERT|^ERR_TLS|SELF_SIGNED|^UNABLE_TO/.test(code))
    return `the certificate of the service is not trusted: ${message}; set AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS to a file with the certificate authority`;
  return TRANSIENT_CODES.test(code) ? `the connection failed: ${message}` : message || name;
}

/** Returns the part of the message about the proxy, if the request used one. */
function proxyText({ proxyVariable }: Thrown): string {
  if (proxyVariable === undefined) return '';
  return `; requests use the proxy in ${proxyVariable}: check it, or add the host to NO_PROXY`;
}

const TRANSIENT_CODES =
  /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EPROTO|UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET|RES_CONTENT_LENGTH_MISMATCH|INFO)|HPE_\w+|TimeoutError|(Connect|Headers|Body)Timeout|MalformedResponse)$/;

const TEXTS: Record<string, string> = {
  ECONNREFUSED: 'connection refused (ECONNREFUSED); check the endpoint',
  ENOTFOUND:
    'the host name cannot be resolved (ENOTFOUND); check the endpoint, the region and the bucket name',
  EAI_AGAIN: 'the DNS lookup failed temporarily (EAI_AGAIN); check the network and its DNS server',
  ConnectTimeout: 'connection timed out',
  HeadersTimeout: 'response timed out',
  BodyTimeout: 'the response stalled',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'response timed out',
  UND_ERR_BODY_TIMEOUT: 'the response stalled',
  EMFILE: 'too many open files (EMFILE); raise the limit (ulimit -n)',
};

interface Nested {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** Returns the innermost error code, from a cause or from one of several connection attempts. */
function codeInside(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause, errors } = error as Nested;
  if (typeof code === 'string' && code !== 'UND_ERR_SOCKET') return code;
  return codeInside(cause ?? errors?.[0]) ?? (typeof code === 'string' ? code : undefined);
}
