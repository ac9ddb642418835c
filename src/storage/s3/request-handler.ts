import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { registerSecret } from '../../redact.ts';
import { FetchFailure } from '../errors.ts';
import { type CollectedResponse, Exchange, PushedExchange } from './exchange.ts';
import { ConnectionPool } from './http/connection-pool.ts';
import { type Network, networkFromEnvironment, type ProxySettings } from './http/network.ts';
import type { AnswerHeaders } from './http/response-head.ts';
import { dispatchOptions, type HttpRequest, requestHead } from './http-request.ts';
import { undici } from './packages.ts';
import { type HttpResponse, type PushedBody, PushedGet } from './pushed-get.ts';
import type { S3Timeouts } from './s3-timeouts.ts';

/** Options of the SDK's `send`, which it passes on as they are. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal | undefined;
  readonly pushedBody?: PushedBody | undefined;
  /** Called with the request as the SDK built it. */
  readonly onRequest?: ((request: HttpRequest) => void) | undefined;
}

interface SdkResponse {
  readonly response: {
    readonly statusCode: number;
    readonly reason: string;
    readonly headers: Record<string, string>;
    readonly body: Uint8Array | Readable;
  };
}

/**
 * The only way to the network. GETs whose body is pushed go over connections of our own, or over undici where a proxy is
 * configured. Everything else the SDK sends goes over undici, and its answers (error documents, pages of listings) are
 * collected before the SDK sees them, so that no connection waits for a body to be read.
 */
export class RequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' } as const;
  readonly #timeouts: S3Timeouts;
  readonly #network: Network;
  readonly #pool: ConnectionPool;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();
  /** The time that the last answer gave, and when it came. */
  #told: { readonly date: string; readonly at: number } | undefined;

  /** @throws UsageError for a proxy or a certificate bundle in the environment that cannot be used */
  constructor(timeouts: S3Timeouts) {
    this.#timeouts = timeouts;
    this.#network = networkFromEnvironment();
    this.#pool = new ConnectionPool({ ...timeouts, ca: this.#network.ca });
  }

  /** What the SDK calls. */
  async handle(
    request: HttpRequest,
    { abortSignal, pushedBody, onRequest }: SendOptions = {},
  ): Promise<SdkResponse> {
    registerSecret(request.headers['x-amz-security-token']);
    onRequest?.(request);
    if (pushedBody !== undefined) {
      const { body, ...response } = await this.get(request, abortSignal, pushedBody);
      // The SDK insists on a stream.
      return { response: { ...response, body: body ?? Readable.from([]) } };
    }
    const options = dispatchOptions(request);
    const dispatcher = await this.#dispatcher(request.protocol);
    try {
      const response = await new Promise<CollectedResponse>((resolve, reject) => {
        const exchange = new Exchange(abortSignal, this.#timeouts, resolve, reject);
        if (exchange.start()) dispatcher.dispatch(options, exchange);
      });
      checkDocument(response);
      this.#noteDate(response.headers);
      return { response };
    } catch (error) {
      throw this.#throughProxy(error, request);
    }
  }

  /** Sends a GET; resolves with its headers, and its body where `pushed` does not take that. */
  async get(
    request: HttpRequest,
    signal: AbortSignal | undefined,
    pushed: PushedBody,
  ): Promise<HttpResponse> {
    const get = new PushedGet(signal, pushed);
    let response: HttpResponse;
    if (this.#proxy(request) === undefined) {
      const head = requestHead(request);
      response = await get.send((receiver) => this.#pool.send(request, head, receiver));
    } else {
      const options = dispatchOptions(request);
      const dispatcher = await this.#dispatcher(request.protocol);
      const sent = get.send((receiver) => {
        const exchange = new PushedExchange(receiver);
        dispatcher.dispatch(options, exchange);
        return (error) => exchange.end(error);
      });
      response = await sent.catch((error: unknown) => {
        throw this.#throughProxy(error, request);
      });
    }
    this.#noteDate(response.headers);
    return response;
  }

  /** By how much the service's clock is ahead of this one, as the last answer said. */
  skewMs(): number | undefined {
    const skew = this.#told === undefined ? Number.NaN : Date.parse(this.#told.date) - this.#told.at;
    return Number.isNaN(skew) ? undefined : skew;
  }

  /** Closes idle connections and those in use. */
  destroy(): void {
    this.#pool.destroy();
    for (const dispatcher of this.#dispatchers.values())
      void dispatcher.then(
        (one) => one.destroy(),
        () => {},
      );
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  updateHttpClientConfig(): void {}

  #proxy({ protocol }: HttpRequest): ProxySettings | undefined {
    return this.#network.proxies[protocol];
  }

  #dispatcher(protocol: string): Promise<Dispatcher> {
    let dispatcher = this.#dispatchers.get(protocol);
    if (dispatcher === undefined) {
      dispatcher = newDispatcher(this.#timeouts, this.#network.ca, this.#network.proxies[protocol]);
      this.#dispatchers.set(protocol, dispatcher);
      dispatcher.catch(() => this.#dispatchers.delete(protocol));
    }
    return dispatcher;
  }

  /** Marks a failure of the connection, so that its message names the proxy. */
  #throughProxy(error: unknown, request: HttpRequest): unknown {
    const proxy = this.#proxy(request);
    if (proxy !== undefined && error instanceof Error)
      Object.assign(error, { proxyVariable: proxy.variable });
    return error;
  }

  #noteDate({ date }: AnswerHeaders): void {
    if (date !== undefined) this.#told = { date, at: Date.now() };
  }
}

const HEAD_OF_DOCUMENT = 1024;

/** @throws FetchFailure for a web page, or a document whose entities the parser would drop without a word */
function checkDocument({ statusCode, body }: CollectedResponse): void {
  const head = Buffer.from(body.subarray(0, HEAD_OF_DOCUMENT)).toString('latin1');
  if (statusCode >= 300 || !/<!DOCTYPE/i.test(head)) return;
  const text = /<html|<!DOCTYPE html/i.test(head)
    ? 'the endpoint answers with a web page; check that it is an S3 service, and the proxy'
    : 'the answer has a document type declaration, which S3 never sends; check the endpoint';
  throw new FetchFailure('fatal', text, { status: statusCode });
}

async function newDispatcher(
  { connectTimeoutMs, headersTimeoutMs, idleTimeoutMs }: S3Timeouts,
  ca: string | undefined,
  proxy: ProxySettings | undefined,
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
  if (proxy === undefined) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    // As curl and the AWS command line do: only https:// is tunnelled.
    proxyTunnel: false,
    requestTls: connect,
    proxyTls: connect,
  });
}

const CONNECTIONS = 64;
/** S3 drops connections that have been idle for about 5 s. */
const KEEP_ALIVE_MS = 4_000;
