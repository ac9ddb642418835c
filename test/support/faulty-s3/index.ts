import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResponseRounds } from '../response-rounds.ts';
import { type Answer, Pace, Sender } from './answer.ts';
import type { ContentLike } from './content.ts';
import { CODES, S3Failure } from './failure.ts';
import { type Fault, Script } from './faults.ts';
import { Uploads } from './multipart.ts';
import { type LoggedRequest, parseRequest } from './request.ts';
import { answerOf, checkClock, errorAnswer } from './service.ts';
import { Store } from './store.ts';

export { type Content, type ContentLike, contentOf, generated } from './content.ts';
export type { Action, Fault, Match } from './faults.ts';
export type { LoggedRequest, Operation } from './request.ts';

/**
 * Options of the server. They are plain values, except for contents with functions, so that they
 * can be sent as JSON to a server in its own process.
 */
export interface FaultyS3Options {
  /** Objects by `bucket/key`. */
  readonly objects: Readonly<Record<string, ContentLike>>;
  /** Additional empty buckets. */
  readonly buckets: readonly string[];
  readonly faults: readonly Fault[];
  /** Delay before each response. Default 0. */
  readonly latencyMs: number;
  /** Whether concurrent GET requests of objects are answered together. Default false. */
  readonly answersInRounds: boolean;
  /** Speed limit of each connection. Default: unlimited. */
  readonly bytesPerSecond: number;
  /** Maximum keys per listing page. Default 1,000. */
  readonly pageSize: number;
  /** Minimum size of a part other than the last. Default 5 MiB, as in S3. */
  readonly minPartBytes: number;
  readonly region: string;
  /** How far the server's clock is ahead. Default 0. */
  readonly clockSkewMs: number;
  /** Default: a free port. */
  readonly port: number;
}

const DEFAULTS: FaultyS3Options = {
  objects: {},
  buckets: [],
  faults: [],
  latencyMs: 0,
  answersInRounds: false,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  pageSize: 1000,
  minPartBytes: 5 * 1024 * 1024,
  region: 'us-east-1',
  clockSkewMs: 0,
  port: 0,
};

/**
 * Starts an S3-compatible server on 127.0.0.1 that fails according to a script, request by request.
 *
 * `await using server = await faultyS3({ objects: { 'bucket/a': bytes }, faults: [{ key: 'a', do:
 * 'reset', at: 100 }] })`; then `server.url` is the endpoint and `server.log` has the requests.
 */
export async function faultyS3(options: Partial<FaultyS3Options> = {}): Promise<FaultyS3> {
  const server = new FaultyS3({ ...DEFAULTS, ...options });
  await server.listen();
  return server;
}

export class FaultyS3 implements AsyncDisposable {
  readonly options: FaultyS3Options;
  readonly store: Store = new Store();
  readonly uploads: Uploads;
  readonly script: Script = new Script();
  /** All requests, in the order of arrival. */
  readonly log: LoggedRequest[] = [];
  /** Maximum number of concurrent requests so far. */
  maxConcurrent = 0;
  #concurrent = 0;
  readonly #rounds: ResponseRounds | undefined;
  readonly #server: Server;
  readonly #sockets = new Map<Socket, { readonly id: number; readonly pace: Pace }>();
  #connections = 0;
  readonly #started = performance.now();

  constructor(options: FaultyS3Options) {
    this.options = options;
    this.#rounds = options.answersInRounds ? new ResponseRounds() : undefined;
    this.uploads = new Uploads(this.store, options.minPartBytes);
    for (const bucket of options.buckets) this.store.createBucket(bucket);
    for (const [path, content] of Object.entries(options.objects)) this.store.put(path, content);
    this.script.add(...options.faults);
    // No connection times out, so only the script or the client closes connections.
    this.#server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
    this.#server.on('connection', (socket) => this.#connected(socket));
    this.#server.on('request', (message, response) => void this.#serve(message, response));
  }

  async listen(): Promise<void> {
    this.#server.listen(this.options.port, '127.0.0.1', 1024);
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The endpoint. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Number of open connections, including idle ones. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Number of connections so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Number of requests in progress. */
  get concurrent(): number {
    return this.#concurrent;
  }

  /** Returns the requests of an operation, optionally for one key. */
  requests(operation: LoggedRequest['operation'], key?: string): LoggedRequest[] {
    return this.log.filter((one) => one.operation === operation && (key === undefined || one.key === key));
  }

  /**
   * Waits until all connections are closed.
   * @throws Error after `withinMs`
   */
  async quiet(withinMs = 60_000): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.openSockets > 0) {
      if (performance.now() > until) throw new Error(`${this.openSockets} connections are still open`);
      await sleep(5);
    }
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #connected(socket: Socket): void {
    this.#sockets.set(socket, { id: this.#connections++, pace: new Pace(this.options.bytesPerSecond) });
    socket.setNoDelay(true);
    socket.on('error', () => {}); // Clients that abort reset the connection.
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { id: socket, pace } = this.#sockets.get(message.socket)!;
    const place = { id: this.log.length, socket, at: performance.now() - this.#started };
    const request = parseRequest(message, place);
    this.log.push(request);
    this.maxConcurrent = Math.max(this.maxConcurrent, ++this.#concurrent);
    const gone = new AbortController();
    const over = (): void => {
      if (gone.signal.aborted) return;
      message.socket.off('close', over);
      this.#concurrent--;
      request.endedAt = performance.now() - this.#started;
      if (request.outcome === 'under way') request.outcome = 'left';
      gone.abort();
    };
    response.once('close', over);
    // Use the message's socket, because a response queued after one that never ends gets no event
    // when its connection closes.
    message.socket.once('close', over);
    response.on('error', () => {});
    try {
      const faults = this.script.for(request);
      if (faults.length > 0) request.fault = faults.map(({ do: what }) => what).join('+');
      const sender = new Sender(response, request, faults, pace, gone.signal);
      const body = await bodyOf(message, gone.signal);
      if (request.operation === 'GetObject') await this.#rounds?.next();
      if (this.options.latencyMs > 0) await sleep(this.options.latencyMs, undefined, { signal: gone.signal });
      if (await sender.before()) return;
      await sender.send(this.#answer(request, body, faults));
    } catch (error) {
      if (gone.signal.aborted) return; // The client has disconnected, or the script has cut the connection.
      console.error('faulty-s3:', error);
      message.socket.destroy();
    }
  }

  #answer(request: LoggedRequest, body: Uint8Array, faults: readonly Fault[]): Answer {
    const now = new Date(Date.now() + this.options.clockSkewMs);
    const requestId = `FAULTY${String(request.id).padStart(10, '0')}`;
    const common = { 'x-amz-request-id': requestId, date: now.toUTCString(), server: 'AmazonS3' };
    try {
      checkClock(request, now);
      for (const fault of faults) this.#act(request, fault);
      const answer = answerOf(this, request, body, faults);
      return { ...answer, headers: { ...common, ...answer.headers } };
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      return errorAnswer(error, request, requestId, common);
    }
  }

  /** Applies the effects of a fault before the response. */
  #act({ bucket, key }: LoggedRequest, fault: Fault): void {
    if (fault.do === 'overwrite') this.store.put(`${bucket}/${key}`, fault.content);
    else if (fault.do === 'delete') this.store.delete(`${bucket}/${key}`);
    else if (fault.do === 'redirect')
      throw new S3Failure(301, 'PermanentRedirect', undefined, {
        headers: { 'x-amz-bucket-region': fault.region },
        elements: { Bucket: bucket, Endpoint: `127.0.0.1:${this.port}`, Region: fault.region },
      });
    else if (fault.do === 'status')
      throw new S3Failure(fault.status, fault.code ?? CODES[fault.status] ?? 'Unknown', fault.message, {
        headers: fault.headers ?? {},
      });
  }
}

async function bodyOf(message: IncomingMessage, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  signal.throwIfAborted();
  return Buffer.concat(chunks);
}
