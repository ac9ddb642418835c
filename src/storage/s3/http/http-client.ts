import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { registerSecret } from '../../../redact.ts';
import { FetchFailure } from '../../errors.ts';
import type { WatchdogOptions } from '../../prefetch/watchdog.ts';
import { ConnectionPool } from './connection-pool.ts';
import { type BodySink, Exchange, type HttpResponse } from './exchange.ts';
import { type HttpRequest, requestHead } from './http-request.ts';
import { type Network, networkFromEnvironment } from './network.ts';
import { dispatch, newDispatcher } from './undici-transport.ts';

/** Options of the SDK's `send`, which hands them to the request handler unchanged. */
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
 * Sends every request to a service. GETs of objects use {@link ConnectionPool}, or undici if a proxy
 * is configured. All other requests use undici, and their response is collected before the SDK sees
 * it, so that no connection waits for a reader.
 *
 * An instance is a request handler of the AWS SDK.
 */
export class HttpClient {
  readonly metadata = { handlerProtocol: 'http/1.1' } as const;
  readonly #timeouts: WatchdogOptions;
  readonly #network: Network;
  readonly #pool: ConnectionPool;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();
  /** The service's time in its last response, and when that arrived. */
  #serviceTime: { readonly date: string; readonly at: number } | undefined;

  /** @throws UsageError for an unusable proxy or certificate bundle in the environment */
  constructor(timeouts: WatchdogOptions) {
    this.#timeouts = timeouts;
    this.#network = networkFromEnvironment();
    this.#pool = new ConnectionPool({ ...timeouts, ca: this.#network.ca });
  }

  /** Entry point for the SDK. */
  async handle(request: HttpRequest, options: SendOptions = {}): Promise<SdkResponse> {
    const { abortSignal, sink, onRequest } = options;
    registerSecret(request.headers['x-amz-security-token']);
    onRequest?.(request);
    const { body, ...response } = await this.send(request, abortSignal, sink);
    if (sink === undefined) checkDocument(response.statusCode, body as Uint8Array);
    return { response: { ...response, body: body ?? Readable.from([]) } };
  }

  /** Sends one request. If `sink` accepts the body, resolves as soon as the headers have arrived. */
  async send(
    request: HttpRequest,
    signal: AbortSignal | undefined,
    sink: BodySink | undefined,
  ): Promise<HttpResponse> {
    const proxy = this.#network.proxies[request.protocol];
    const direct = sink !== undefined && proxy === undefined;
    const head = direct ? requestHead(request) : '';
    const dispatcher = direct ? undefined : await this.#dispatcher(request.protocol);
    try {
      const exchange = new Exchange(signal, sink, this.#timeouts);
      const response = await exchange.send((receiver) =>
        dispatcher === undefined
          ? this.#pool.send(request, head, receiver)
          : dispatch(dispatcher, request, receiver),
      );
      const { date } = response.headers;
      if (date !== undefined) this.#serviceTime = { date, at: Date.now() };
      return response;
    } catch (error) {
      // The message of a connection failure names the proxy.
      if (proxy !== undefined && error instanceof Error)
        Object.assign(error, { proxyVariable: proxy.variable });
      throw error;
    }
  }

  /** How far the service's clock is ahead of this one, according to its last response. */
  skewMs(): number | undefined {
    if (this.#serviceTime === undefined) return undefined;
    const skew = Date.parse(this.#serviceTime.date) - this.#serviceTime.at;
    return Number.isNaN(skew) ? undefined : skew;
  }

  /** Closes all connections, also those in use. */
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

const DOCUMENT_HEAD_BYTES = 1024;

/** @throws FetchFailure for a web page, or a document whose entities the SDK's parser would drop */
function checkDocument(status: number, body: Uint8Array): void {
  const head = Buffer.from(body.subarray(0, DOCUMENT_HEAD_BYTES)).toString('latin1');
  if (status >= 300 || !/<!DOCTYPE/i.test(head)) return;
  const text = /<html|<!DOCTYPE html/i.test(head)
    ? 'the endpoint responds with a web page; check that it is an S3 service, and the proxy'
    : 'the response has a document type declaration, which S3 never sends; check the endpoint';
  throw new FetchFailure('fatal', text, { status });
}
