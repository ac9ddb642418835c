import type { Dispatcher } from 'undici';
import { FetchFailure } from '../errors.ts';
import { queryPairs } from './sign-get.ts';

/** A request, in the shape in which the SDK hands it to its handler. */
export interface HttpRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null> | undefined;
  readonly headers: Record<string, string>;
  readonly body?: Dispatcher.DispatchOptions['body'];
}

/** The request as undici takes it. @throws FetchFailure for a header that HTTP does not allow */
export function dispatchOptions(request: HttpRequest): Dispatcher.DispatchOptions {
  const { method, protocol, hostname, port, headers, body } = request;
  const { expect: _, ...kept } = headers; // undici does not wait for 100-continue
  for (const name in kept) checkHeader(name, kept[name]);
  return {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: pathOf(request),
    method: method as Dispatcher.HttpMethod,
    headers: kept,
    body: body ?? null,
  };
}

/** The head of a GET without a body, with the empty line. @throws FetchFailure for a header that HTTP does not allow */
export function requestHead(request: HttpRequest): string {
  let text = `GET ${pathOf(request)} HTTP/1.1\r\n`;
  for (const name in request.headers) {
    const value = request.headers[name];
    checkHeader(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const OF_CREDENTIALS = /^(authorization|x-amz-security-token)$/i;

/** The value is not shown: it may be a session token that ends with a line break. */
function checkHeader(name: string, value: string): void {
  if (HEADER_VALUE.test(value)) return;
  if (OF_CREDENTIALS.test(name))
    throw new FetchFailure(
      'denied',
      `the header ${name} has a character that HTTP does not allow, such as a line break (it comes from AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN or the profile)`,
    );
  throw new FetchFailure('fatal', `the header ${name} has a character that HTTP does not allow`);
}

function pathOf({ path, query }: HttpRequest): string {
  const pairs = queryPairs(query);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}
