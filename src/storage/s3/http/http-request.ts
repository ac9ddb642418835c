import { FetchFailure } from '../../errors.ts';

/** A request, in the shape that the AWS SDK passes to its request handler. */
export interface HttpRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  /** Escaped path. */
  readonly path: string;
  readonly query?: Record<string, string | string[] | null> | undefined;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array | string | null | undefined;
}

/** Returns the head of a request without a body. @throws FetchFailure for an invalid header */
export function requestHead(request: HttpRequest): string {
  const lines = Object.entries(requestHeaders(request)).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${request.method} ${requestTarget(request)} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Returns the path and the query. */
export function requestTarget({ path, query }: HttpRequest): string {
  const pairs = queryPairs(query);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** Returns the escaped names and values as `name=value`. */
export function queryPairs(query: HttpRequest['query']): string[] {
  return Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === null
      ? [uriEscaped(name)]
      : [value].flat().map((one) => `${uriEscaped(name)}=${uriEscaped(one)}`),
  );
}

/** Escapes all characters except unreserved ones (RFC 3986), as AWS signatures require. */
export function uriEscaped(text: string): string {
  const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const CREDENTIALS_HEADER = /^(authorization|x-amz-security-token)$/i;

/** Returns the headers to send. @throws FetchFailure for an invalid header */
export function requestHeaders({ headers }: HttpRequest): Record<string, string> {
  const { expect: _, ...kept } = headers; // Neither transport waits for 100 Continue, so omit the header.
  for (const name in kept) checkHeader(name, kept[name]);
  return kept;
}

/** Checks a header. The message omits the value, which may be a session token with a line break. */
function checkHeader(name: string, value: string): void {
  if (HEADER_VALUE.test(value)) return;
  const text = `the header ${name} has a character that HTTP does not allow`;
  if (!CREDENTIALS_HEADER.test(name)) throw new FetchFailure('fatal', text);
  throw new FetchFailure(
    'denied',
    `${text}, such as a line break (it comes from AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN or the profile)`,
  );
}
