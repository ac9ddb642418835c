/**
 * Removes secrets from text. Every error message, cause, event and diagnosis passes through this
 * module before it is printed, logged or stored.
 */

/** Minimum length of a secret. Shorter strings occur in ordinary words and are not replaced. */
const MIN_SECRET_CHARACTERS = 8;
/**
 * Maximum number of registered secrets. Session tokens are renewed about every hour, and the oldest
 * ones are dropped.
 */
const MAX_SECRETS = 256;
const REDACTED = '[redacted]';

/** Environment variables whose values are secrets. */
const VARIABLES = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
];

/** Secrets in use that are not in the environment. */
const known = new Set<string>();

/**
 * Registers a secret, such as a secret access key, a session token or a password. Ignores strings
 * of fewer than 8 characters.
 */
export function registerSecret(secret: string | undefined): void {
  for (const piece of piecesOf(secret)) {
    if (known.has(piece)) continue;
    known.add(piece);
    if (known.size > MAX_SECRETS) known.delete(known.values().next().value as string);
  }
}

/**
 * Replaces secrets in a string with `[redacted]`: registered secret access keys and session tokens,
 * passwords in URLs, signatures and credentials in presigned URLs, and values of `Authorization`
 * and `x-amz-security-token` headers. Messages, stacks and causes of this package's errors are
 * already redacted; apply this function to everything else that you log.
 *
 * @example
 * ```ts
 * import { redacted } from 'recordpipe/errors';
 * console.log(redacted('http://ann:hunter2@minio:9000/train')); // http://[redacted]@minio:9000/train
 * ```
 */
export function redacted(text: string): string {
  let result = text;
  for (const secret of secretsInUse())
    if (result.includes(secret)) result = result.replaceAll(secret, REDACTED);
  for (const [pattern, replacement] of PATTERNS) result = result.replace(pattern, replacement);
  return result;
}

const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // User name and password of a URL.
  [/:\/\/[^\s/?#]*@/g, `://${REDACTED}@`],
  // URLs with other slashes or none, which the URL parser also accepts.
  [/\b(https?:[\\/]{0,2})[^\s\\/?#]{1,1024}@/gi, `$1${REDACTED}@`],
  // Presigned URLs of S3, Google and Azure, also if they are escaped as part of another URL.
  [
    /((?:[?&;]|%3f|%26)(?:x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|signature|sig|token|access_token)(?:=|%3d))(?:(?!%26)[^&\s#"'<>])+/gi,
    `$1${REDACTED}`,
  ],
  [/\b(AWS4-[A-Z0-9-]+ Credential=)[^\r\n"']+/g, `$1${REDACTED}`],
  [/\b((?:authorization|x-amz-security-token)["']?[ \t]*:[ \t]*["']?)[^\r\n"']+/gi, `$1${REDACTED}`],
];

/** Redacts a string that should be a URL, even if it has a password but no scheme. */
export function redactedUrl(text: string): string {
  return text.replace(/^([a-z0-9+.-]+:\/\/)?.*@/is, `$1${REDACTED}@`);
}

/** Maximum depth to which causes and their nested objects are redacted. */
const MAX_DEPTH = 8;

/**
 * Redacts a cause. Errors are changed in place and keep their identity. Other objects are copied,
 * because they may be configuration that the caller still uses.
 */
export function redactedCause(cause: unknown): unknown {
  return scrubbed(cause, MAX_DEPTH);
}

function scrubbed(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redacted(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (depth === 0) return value instanceof Error ? new Error(REDACTED) : REDACTED;
  if (value instanceof Error) return scrubbedError(value, depth);
  if (Array.isArray(value)) {
    const copy = value.map((one) => scrubbed(one, depth - 1));
    return copy.some((one, index) => one !== value[index]) ? copy : value;
  }
  return scrubbedObject(value as Record<string, unknown>, depth);
}

function scrubbedError(error: Error, depth: number): Error {
  for (const name of ['message', 'stack', ...Object.getOwnPropertyNames(error)]) {
    const before = Reflect.get(error, name);
    const after = scrubbed(before, depth - 1);
    if (after === before) continue;
    const enumerable = Object.getOwnPropertyDescriptor(error, name)?.enumerable ?? false;
    Reflect.defineProperty(error, name, { value: after, enumerable, writable: true, configurable: true });
  }
  return error;
}

function scrubbedObject(value: Record<string, unknown>, depth: number): unknown {
  // Leave other objects, such as sockets and requests, unchanged, because their state is stored
  // elsewhere.
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const after = scrubbed(value[name], depth - 1);
    if (after === value[name]) continue;
    copy ??= { ...value };
    copy[name] = after;
  }
  return copy ?? value;
}

function* secretsInUse(): Generator<string, void, undefined> {
  yield* known;
  const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
  if (environment === undefined) return;
  for (const name of VARIABLES) yield* piecesOf(environment[name]);
}

/**
 * Splits a secret into the parts that quoting leaves unchanged, because JSON and messages escape
 * control characters, quotes and backslashes.
 */
function piecesOf(secret: string | undefined): string[] {
  if (secret === undefined || secret.length < MIN_SECRET_CHARACTERS) return [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what quoting changes
  const pieces = secret.split(/[\x00-\x20"'\\\x7f-\x9f]+/);
  return pieces.flatMap((piece) => {
    if (piece.length < MIN_SECRET_CHARACTERS) return [];
    const escaped = encodeURIComponent(piece.replace(/\p{Cs}/gu, ''));
    return escaped === piece ? [piece] : [piece, escaped];
  });
}
