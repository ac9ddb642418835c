import { Readable } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { UsageError } from '../../errors.ts';
import type { AnswerHeaders } from '../http/answer-head.ts';
import { ConnectionPool } from '../http/connection-pool.ts';
import { abortError, type Got, type PushedBody, PushedGet } from './pushed-get.ts';
import type { S3Timeouts } from './s3-timeouts.ts';
import { queryPairs } from './sign-get.ts';

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
 * The way to the network. GETs whose body is pushed go by connections of our own; all else, what the SDK asks on the way to it, by undici's, and their
 * answers, error documents and pages of listings, are collected before the SDK sees them, so that no connection waits for a body to be read.
 */
export class RequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' } as const;
  readonly #timeouts: S3Timeouts;
  readonly #pool: ConnectionPool;
  #agent: Promise<Agent> | undefined;
  /** The time that the last answer gave, and when it came. */
  #told: { readonly date: string; readonly at: number } | undefined;

  constructor(timeouts: S3Timeouts) {
    this.#timeouts = timeouts;
    this.#pool = new ConnectionPool(timeouts);
  }

  /** What the SDK calls. */
  async handle(sent: Sent, { abortSignal, pushedBody, onSent }: SendOptions = {}): Promise<Answer> {
    onSent?.(sent);
    if (pushedBody !== undefined) {
      const { body, ...answer } = await this.get(sent, abortSignal, pushedBody);
      // The SDK insists on a stream.
      return { response: { ...answer, body: body ?? Readable.from([]) } };
    }
    this.#agent ??= newAgent(this.#timeouts);
    const agent = await this.#agent;
    return new Promise((resolve, reject) => {
      const answered = (answer: Answer): void => {
        this.#noteDate(answer.response.headers);
        resolve(answer);
      };
      const exchange = new Exchange(abortSignal, answered, reject);
      if (exchange.start()) agent.dispatch(dispatched(sent), exchange);
    });
  }

  /** Sends a GET; resolves with its headers, and its body where `pushed` does not take that. */
  async get(sent: Sent, signal: AbortSignal | undefined, pushed: PushedBody): Promise<Got> {
    const got = await new PushedGet(signal, pushed).send(this.#pool, sent, requestText(sent));
    this.#noteDate(got.headers);
    return got;
  }

  /** By how much the service's clock is ahead of this one, as the last answer said. */
  skewMs(): number | undefined {
    const skew = this.#told === undefined ? Number.NaN : Date.parse(this.#told.date) - this.#told.at;
    return Number.isNaN(skew) ? undefined : skew;
  }

  /** Closes idle connections and those in use. */
  destroy(): void {
    this.#pool.destroy();
    void this.#agent?.then((agent) => agent.destroy());
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  updateHttpClientConfig(): void {}

  #noteDate({ date }: AnswerHeaders): void {
    if (date !== undefined) this.#told = { date, at: Date.now() };
  }
}

async function newAgent({ connectTimeoutMs, headersTimeoutMs, idleTimeoutMs }: S3Timeouts): Promise<Agent> {
  const { Agent } = await import('undici');
  return new Agent({
    connections: CONNECTIONS,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: headersTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
}

const CONNECTIONS = 64;
/** S3 drops connections that have been idle for about 5 s. */
const KEEP_ALIVE_MS = 4_000;

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #collected: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #reason = '';
  #headers: Record<string, string> = {};
  #settled = false;

  constructor(
    signal: AbortSignal | undefined,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#signal = signal;
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
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#collected.push(chunk);
  }

  onResponseEnd(): void {
    const [statusCode, reason, headers] = [this.#status, this.#reason, this.#headers];
    this.#resolve({ response: { statusCode, reason, headers, body: Buffer.concat(this.#collected) } });
    this.#finish(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish(error);
  }

  readonly #onAbort = (): void => {
    const error = abortError(this.#signal);
    this.#finish(error);
    this.#controller?.abort(error);
  };

  #finish(error: Error | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (error !== undefined) this.#reject(error);
  }
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
    path: withQuery(path, query),
    method: method as Dispatcher.HttpMethod,
    headers: kept,
    body: body ?? null,
  };
}

/** The head of a GET. @throws UsageError for a header that would be more than one */
function requestText({ method, path, query, headers, body }: Sent): string {
  if (method !== 'GET' || body) throw new UsageError(`request: expected a GET without a body, got ${method}`);
  let text = `GET ${withQuery(path, query)} HTTP/1.1\r\n`;
  for (const name in headers) {
    const value = headers[name];
    if (!HEADER_VALUE.test(value))
      throw new UsageError(`header ${name}: not to be sent: ${JSON.stringify(value)}`);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function withQuery(path: string, query: Sent['query']): string {
  const pairs = queryPairs(query);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return plain;
}
