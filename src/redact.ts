/**
 * The one place that removes secrets from text. Every error message, cause, event and diagnosis passes through it before
 * anybody can print, log or store it.
 */

/** Shorter texts occur in ordinary words and are not replaced. */
const MIN_SECRET_CHARACTERS = 8;
/** Session tokens are renewed about every hour: old ones are forgotten. */
const MAX_SECRETS = 256;
const REDACTED = '[redacted]';

/** Variables whose values are secrets. */
const VARIABLES = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
];

/** Secrets in use that are not in the environment. */
const known = new Set<string>();

/** Registers a secret that is in use: a secret access key, a session token, a password. Texts under 8 characters are ignored. */
export function registerSecret(secret: string | undefined): void {
  for (const piece of piecesOf(secret)) {
    if (known.has(piece)) continue;
    known.add(piece);
    if (known.size > MAX_SECRETS) known.delete(known.values().next().value as string);
  }
}

/**
 * A text without secrets: secret access keys and session tokens in use, passwords in URLs, signatures and credentials in
 * presigned URLs, and values of `Authorization` and `x-amz-security-token` headers become `[redacted]`. Apply it to
 * whatever you log beside the errors of this package, whose messages, stacks and causes have passed through it already.
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
  // Presigned URLs of S3, Google and Azure.
  [
    /([?&;](?:x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|signature|sig|token|access_token)=)[^&\s#"'<>]+/gi,
    `$1${REDACTED}`,
  ],
  [/\b(AWS4-[A-Z0-9-]+ Credential=)[^\r\n"']+/g, `$1${REDACTED}`],
  [/\b((?:authorization|x-amz-security-token)["']?[ \t]*:[ \t]*["']?)[^\r\n"']+/gi, `$1${REDACTED}`],
];

/** A text that should be a URL, and may be one with a password that lacks its scheme. */
export function redactedUrl(text: string): string {
  return text.replace(/^([a-z0-9+.-]+:\/\/)?.*@/is, `$1${REDACTED}@`);
}

/** How deep causes, and the objects that hang on them, are followed. */
const MAX_DEPTH = 8;

/**
 * A cause without secrets. An error keeps its identity, and its texts are replaced; other objects are left alone and
 * replaced by copies, because they may be somebody's configuration.
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
  // What is not a plain object holds its state elsewhere: a socket, a request.
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
 * The parts of a secret that stay the same however it is quoted: control characters, quotes and backslashes are written as
 * escapes in JSON and in messages.
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
