import { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import type { S3Timeouts } from './s3-timeouts.ts';

/** Takes the body of an answer as it comes, with no stream in between, which costs a fifth of the throughput. */
export interface PushedBody {
  /** Called with the headers: whether the body is wanted in this way. What it throws ends the request. */
  accepts(status: number, headers: AnswerHeaders): boolean;
  onData(chunk: Buffer): void;
  /** After the last byte, or when there will be no more. Called only when the body was accepted. */
  onEnd(error: Error | undefined): void;
}

export type AnswerHeaders = Readonly<Record<string, string>>;

/** What the SDK hands to its handler; and, by the options of `send`, what we do. */
export interface Sent {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null> | undefined;
  readonly headers: Record<string, string>;
  readonly body?: Dispatcher.DispatchOptions['body'];
}

export interface SendOptions {
  readonly abortSignal?: AbortSignal | undefined;
  readonly pushedBody?: PushedBody | undefined;
  /** Shown the request as the SDK made it. */
  readonly onSent?: ((sent: Sent) => void) | undefined;
}

interface Answer {
  readonly response: {
    readonly statusCode: number;
    readonly reason: string;
    readonly headers: Record<string, string>;
    readonly body: Uint8Array | Readable;
  };
}

/**
 * The SDK's way to the network: undici's pool of connections. Bodies are pushed to whoever asks for it; all others, error documents and pages of
 * listings, are collected before the SDK sees the answer, so that no connection waits for a body to be read.
 */
export class RequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' } as const;
  readonly #agent: Agent;
  /** The time that the last answer gave, and when it came. */
  #told: { readonly date: string; readonly at: number } | undefined;

  constructor({ connectTimeoutMs, headersTimeoutMs, idleTimeoutMs }: S3Timeouts) {
    this.#agent = new Agent({
      connections: CONNECTIONS,
      connect: { timeout: connectTimeoutMs },
      headersTimeout: headersTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }

  handle(sent: Sent, { abortSignal, pushedBody, onSent }: SendOptions = {}): Promise<Answer> {
    onSent?.(sent);
    return new Promise((resolve, reject) => {
      const answered = (answer: Answer): void => {
        const { date } = answer.response.headers;
        if (date !== undefined) this.#told = { date, at: Date.now() };
        resolve(answer);
      };
      const exchange = new Exchange(abortSignal, pushedBody, answered, reject);
      if (exchange.start()) this.#agent.dispatch(dispatched(sent), exchange);
    });
  }

  /** By how much the service's clock is ahead of this one, as the last answer said. */
  skewMs(): number | undefined {
    const skew = this.#told === undefined ? Number.NaN : Date.parse(this.#told.date) - this.#told.at;
    return Number.isNaN(skew) ? undefined : skew;
  }

  /** Closes idle connections and those in use. */
  destroy(): void {
    void this.#agent.destroy();
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  updateHttpClientConfig(): void {}
}

const CONNECTIONS = 64;
/** S3 drops connections that have been idle for about 5 s. */
const KEEP_ALIVE_MS = 4_000;

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal | undefined;
  readonly #pushed: PushedBody | undefined;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #collected: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #pushing = false;
  #status = 0;
  #reason = '';
  #headers: Record<string, string> = {};
  #settled = false;

  constructor(
    signal: AbortSignal | undefined,
    pushed: PushedBody | undefined,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#signal = signal;
    this.#pushed = pushed;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether there is still something to do. */
  start(): boolean {
    if (this.#signal?.aborted) {
      this.#reject(abortError(this.#signal));
      return false;
    }
    this.#signal?.addEventListener('abort', this.#onAbort);
    return true;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) controller.abort(abortError(this.#signal));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    reason?: string,
  ): void {
    if (status < 200 || this.#settled) return;
    this.#status = status;
    this.#reason = reason ?? '';
    this.#headers = plainHeaders(headers);
    this.#pushing = this.#pushed?.accepts(status, this.#headers) ?? false;
    // The SDK insists on a stream.
    if (this.#pushing) this.#answer(Readable.from([]));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#pushing) this.#pushed?.onData(chunk);
    else this.#collected.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#pushing) this.#finish(undefined);
    else {
      this.#answer(Buffer.concat(this.#collected));
      this.#finish(undefined);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish(error);
  }

  readonly #onAbort = (): void => {
    const error = abortError(this.#signal);
    this.#finish(error);
    this.#controller?.abort(error);
  };

  #answer(body: Uint8Array | Readable): void {
    this.#resolve({
      response: { statusCode: this.#status, reason: this.#reason, headers: this.#headers, body },
    });
  }

  #finish(error: Error | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (this.#pushing) this.#pushed?.onEnd(error);
    else if (error !== undefined) this.#reject(error);
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('the request was aborted', { cause: signal?.reason });
  error.name = 'AbortError';
  return error;
}

function dispatched({
  method,
  protocol,
  hostname,
  port,
  path,
  query,
  headers,
  body,
}: Sent): Dispatcher.DispatchOptions {
  const { expect: _, ...kept } = headers; // undici does not wait for 100-continue
  return {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: query === undefined ? path : withQuery(path, query),
    method: method as Dispatcher.HttpMethod,
    headers: kept,
    body: body ?? null,
  };
}

function withQuery(path: string, query: Record<string, string | string[] | null>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === null
      ? [uriEscaped(name)]
      : [value]
          .flat()
          .map((one) => (one === '' ? `${uriEscaped(name)}=` : `${uriEscaped(name)}=${uriEscaped(one)}`)),
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** As signatures want it. */
export function uriEscaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return plain;
}
