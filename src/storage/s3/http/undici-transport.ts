import type { Dispatcher } from 'undici';
import type { WatchdogOptions } from '../../prefetch/watchdog.ts';
import { undici } from '../packages.ts';
import { copyTo, type EndRequest, type Receiver } from './connection-pool.ts';
import { type HttpRequest, requestHeaders, requestTarget } from './http-request.ts';
import type { Network } from './network.ts';

const CONNECTIONS = 64;
/** S3 closes connections that have been idle for about 5 s. */
const KEEP_ALIVE_MS = 4_000;

/** undici's connections for one protocol, through the proxy of the environment if it names one. */
export async function newDispatcher(
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
    proxyTunnel: false, // for https:// only, as curl and the AWS command line do
    requestTls: connect,
    proxyTls: connect,
  });
}

/** Sends a request over undici. @throws FetchFailure for a header that HTTP does not allow */
export function dispatch(dispatcher: Dispatcher, request: HttpRequest, receiver: Receiver): EndRequest {
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

/** Passes undici's events on to a receiver. */
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
    // undici itself frames the body and keeps the connection.
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

  /** An exception of the receiver ends the request. */
  #guard(call: () => void): void {
    if (this.#error !== undefined) return;
    try {
      call();
    } catch (error) {
      this.end(error as Error);
    }
  }
}
