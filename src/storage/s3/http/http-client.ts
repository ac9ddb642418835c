import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { trace } from '../../../bytes/trace.ts';
import { UsageError } from '../../../errors.ts';
import { redactedUrl, registerSecret } from '../../../redact.ts';
import { FetchFailure } from '../../errors.ts';
import type { WatchdogOptions } from '../../prefetch/attempts.ts';
import { undici } from '../packages.ts';
import { ConnectionPool, copyTo, type EndRequest, type Receiver } from './connection-pool.ts';
import { type BodySink, Exchange, type HttpResponse } from './exchange.ts';
import { type HttpRequest, requestHead, requestHeaders, requestTarget } from './http-request.ts';

/** Options of the SDK's `send`, which passes them unchanged to the request handler. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal | undefined;
  readonly sink?: BodySink | undefined;
  /** Called with the request that the SDK built. */
  readonly onRequest?: ((request: HttpRequest) => void) | undefined;
}

interface SdkResponse {
  readonly response: Omit<HttpResponse, 'body'> & { readonly body: Uint8Array | Readable };
}

/**
 * Sends every request to a service. GETs use {@link ConnectionPool}; all other requests, and those
 * through a proxy, use undici. Documents are collected before the SDK sees them, so that no
 * connection waits for a reader.
 *
 * An instance is a request handler of the AWS SDK.
 */
export class HttpClient {
  readonly metadata = { handlerProtocol: 'http/1.1' } as const;
  readonly #timeouts: WatchdogOptions;
  readonly #network: Network;
  readonly #pool: ConnectionPool;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();
  /** Service's time from its last response, and the arrival time of that response. */
  #serviceTime: { readonly date: string; readonly at: number } | undefined;

  /** @throws UsageError for an invalid proxy or certificate bundle in the environment */
  constructor(timeouts: WatchdogOptions) {
    this.#timeouts = timeouts;
    this.#network = networkFromEnvironment();
    this.#pool = new ConnectionPool({ ...timeouts, ca: this.#network.ca });
  }

  /** Sends a request of the SDK. */
  async handle(request: HttpRequest, options: SendOptions = {}): Promise<SdkResponse> {
    const { abortSignal, sink, onRequest } = options;
    onRequest?.(request);
    const { body, ...response } = await this.send(request, abortSignal, sink);
    return { response: { ...response, body: body ?? Readable.from([]) } };
  }

  /**
   * Sends one request. If `sink` accepts the body, resolves as soon as the headers have arrived.
   *
   * @throws FetchFailure for a document that no S3 service sends
   */
  async send(
    request: HttpRequest,
    signal: AbortSignal | undefined,
    sink: BodySink | undefined,
  ): Promise<HttpResponse> {
    registerSecret(request.headers['x-amz-security-token']);
    const proxy = this.#network.proxies[request.protocol];
    const direct = request.method === 'GET' && proxy === undefined;
    const head = direct ? requestHead(request) : '';
    const dispatcher = direct ? undefined : await this.#dispatcher(request.protocol);
    const sentAt = performance.now();
    try {
      const exchange = new Exchange(signal, sink, this.#timeouts);
      const response = await exchange.send((receiver) =>
        dispatcher === undefined
          ? this.#pool.send(request, head, receiver)
          : dispatch(dispatcher, request, receiver),
      );
      traceRequest(request, sentAt, () => answerText(response));
      const { date } = response.headers;
      if (date !== undefined) this.#serviceTime = { date, at: Date.now() };
      if (sink === undefined) checkDocument(response.statusCode, response.body as Uint8Array);
      return response;
    } catch (error) {
      traceRequest(request, sentAt, () => (error as Error).message);
      // Name the proxy in the message of a connection failure.
      if (proxy !== undefined && error instanceof Error)
        Object.assign(error, { proxyVariable: proxy.variable });
      throw error;
    }
  }

  /**
   * Returns how far the service's clock is ahead of the local one, according to its last response.
   */
  skewMs(): number | undefined {
    if (this.#serviceTime === undefined) return undefined;
    const skew = Date.parse(this.#serviceTime.date) - this.#serviceTime.at;
    return Number.isNaN(skew) ? undefined : skew;
  }

  /** Closes all connections, including those in use. */
  destroy(): void {
    this.#pool.destroy();
    for (const dispatcher of this.#dispatchers.values())
      dispatcher.then((one) => one.destroy()).catch(() => {});
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  updateHttpClientConfig(): void {}

  #dispatcher(protocol: string): Promise<Dispatcher> {
    let dispatcher = this.#dispatchers.get(protocol);
    if (dispatcher === undefined) {
      dispatcher = newDispatcher(protocol, this.#timeouts, this.#network);
      this.#dispatchers.set(protocol, dispatcher);
      dispatcher.catch(() => this.#dispatchers.delete(protocol));
    }
    return dispatcher;
  }
}

/** Traces a request and its outcome. */
function traceRequest(request: HttpRequest, sentAt: number, outcome: () => string): void {
  const ms = Math.round(performance.now() - sentAt);
  trace('request', () => {
    const { method, protocol, hostname, port, headers } = request;
    const host = port === undefined ? hostname : `${hostname}:${port}`;
    const range = headers['range'] ?? headers['Range'];
    const asked = range === undefined ? '' : ` ${range}`;
    return `${method} ${protocol}//${host}${requestTarget(request)}${asked}: ${outcome()}, ${ms} ms`;
  });
}

function answerText({ statusCode, headers }: HttpResponse): string {
  const length = headers['content-length'];
  const id = headers['x-amz-request-id'];
  return `${statusCode}${length === undefined ? '' : `, ${length} bytes`}${id === undefined ? '' : `, request ${id}`}`;
}

const DOCUMENT_HEAD_BYTES = 1024;

/**
 * Checks a document.
 * @throws FetchFailure for a web page, or for a document with entities that the SDK's parser would
 *   drop
 */
function checkDocument(status: number, body: Uint8Array): void {
  const head = Buffer.from(body.subarray(0, DOCUMENT_HEAD_BYTES)).toString('latin1');
  if (status >= 300 || !/<!DOCTYPE/i.test(head)) return;
  const text = /<html|<!DOCTYPE html/i.test(head)
    ? 'the endpoint responds with a web page; check that it is an S3 service, and check the proxy'
    : 'the response has a document type declaration, which S3 never sends; check the endpoint';
  throw new FetchFailure('fatal', text, { status });
}

const CONNECTIONS = 64;
/** Time to keep an idle connection. S3 closes connections that have been idle for about 5 s. */
const KEEP_ALIVE_MS = 4_000;

/**
 * Creates undici's connections for one protocol, through the proxy from the environment, if any.
 */
async function newDispatcher(
  protocol: string,
  { connectTimeoutMs, headersTimeoutMs, idleTimeoutMs }: WatchdogOptions,
  { ca, proxies }: Network,
): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await undici();
  const connect = { timeout: connectTimeoutMs, ...(ca !== undefined && { ca }) };
  const options = {
    connections: CONNECTIONS,
    connect,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  };
  const proxy = proxies[protocol];
  if (proxy === undefined) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    proxyTunnel: false, // Applies to https:// only, as in curl and the AWS CLI.
    requestTls: connect,
    proxyTls: connect,
  });
}

/** Sends a request with undici. @throws FetchFailure for an invalid header */
function dispatch(dispatcher: Dispatcher, request: HttpRequest, receiver: Receiver): EndRequest {
  const { method, protocol, hostname, port, body } = request;
  const options: Dispatcher.DispatchOptions = {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: requestTarget(request),
    method: method as Dispatcher.HttpMethod,
    headers: requestHeaders(request),
    body: body ?? null,
  };
  const handler = new ReceiverHandler(receiver);
  dispatcher.dispatch(options, handler);
  return (error) => handler.end(error);
}

/** Forwards undici's events to a receiver. */
class ReceiverHandler implements Dispatcher.DispatchHandler {
  readonly #receiver: Receiver;
  #controller: Dispatcher.DispatchController | undefined;
  #error: Error | undefined;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Ends the request and its connection. */
  end(error: Error): void {
    this.#error ??= error;
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#error !== undefined) controller.abort(this.#error);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    rawHeaders: Record<string, string | string[] | undefined>,
    reason = '',
  ): void {
    if (status < 200) return;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(rawHeaders))
      if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
    // undici itself frames the body and manages the connection.
    this.#guard(() => this.#receiver.onHead({ status, reason, headers, body: 'chunked', keepAlive: true }));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#guard(() => copyTo(this.#current, chunk));
  }

  onResponseEnd(): void {
    this.#current()?.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#receiver.onFailure(this.#error ?? error);
  }

  readonly #current = (): Receiver | undefined => (this.#error === undefined ? this.#receiver : undefined);

  /** Ends the request if the receiver throws. */
  #guard(call: () => void): void {
    if (this.#error !== undefined) return;
    try {
      call();
    } catch (error) {
      this.end(error as Error);
    }
  }
}

/** Network settings from the environment. */
interface Network {
  /** Certificate authorities in PEM format (AWS_CA_BUNDLE), which replace those of Node. */
  readonly ca: string | undefined;
  /** Proxies for `http:` and `https:` URLs. undici applies NO_PROXY. */
  readonly proxies: Readonly<Partial<Record<string, ProxySettings>>>;
}

interface ProxySettings {
  readonly url: string;
  /** Environment variable that contains the URL. */
  readonly variable: string;
}

const PROXIES = {
  'http:': ['http_proxy', 'HTTP_PROXY'],
  'https:': ['https_proxy', 'HTTPS_PROXY'],
} as const;

/** Returns the variables that determine the settings. Clients with equal variables are shared. */
export function networkKey(): readonly (string | null)[] {
  const names = [...Object.values(PROXIES).flat(), 'no_proxy', 'NO_PROXY', 'AWS_CA_BUNDLE'];
  return names.map((name) => process.env[name] ?? null);
}

/**
 * Reads the same variables as the AWS CLI.
 *
 * @throws UsageError for a proxy that is not an http:// or https:// URL, or an unreadable bundle
 */
function networkFromEnvironment(): Network {
  return { ca: caBundle(), proxies: { 'http:': proxyFor('http:'), 'https:': proxyFor('https:') } };
}

function caBundle(): string | undefined {
  const path = process.env['AWS_CA_BUNDLE'];
  if (!path) return undefined;
  try {
    const pem = readFileSync(path, 'utf8');
    if (pem.includes('-----BEGIN')) return pem;
  } catch (cause) {
    throw new UsageError(`AWS_CA_BUNDLE: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError(`AWS_CA_BUNDLE: expected a file with PEM certificates, got ${path}`);
}

function proxyFor(protocol: keyof typeof PROXIES): ProxySettings | undefined {
  const variable = PROXIES[protocol].find((name) => process.env[name]);
  if (variable === undefined) return undefined;
  const given = (process.env[variable] as string).trim();
  // Like curl and the AWS CLI, accept a proxy without a scheme.
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(
      `${variable}: expected the URL of an HTTP proxy, such as http://proxy:3128, got ${JSON.stringify(redactedUrl(given))}`,
    );
  registerSecret(decodeURIComponent(url.password));
  return { url: url.href, variable };
}
