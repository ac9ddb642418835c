import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** Plain values, but for contents with functions: a server in a process of its own takes them as JSON. */
export interface FaultyS3Options {
  /** By `bucket/key`. */
  readonly objects: Readonly<Record<string, ContentLike>>;
  /** Buckets besides those that objects are in. */
  readonly buckets: readonly string[];
  readonly faults: readonly Fault[];
  /** Before each answer. Default 0. */
  readonly latencyMs: number;
  /** Of each connection. Default: no limit. */
  readonly bytesPerSecond: number;
  /** Most keys of a page of a listing. Default 1,000. */
  readonly pageSize: number;
  /** Least size of a part that is not the last. Default S3's, 5 MiB. */
  readonly leastPart: number;
  readonly region: string;
  /** The clock of the server is ahead by so much. Default 0. */
  readonly clockSkewMs: number;
  /** Default: one that is free. */
  readonly port: number;
}

const DEFAULTS: FaultyS3Options = {
  objects: {},
  buckets: [],
  faults: [],
  latencyMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  pageSize: 1000,
  leastPart: 5 * 1024 * 1024,
  region: 'us-east-1',
  clockSkewMs: 0,
  port: 0,
};

/**
 * An S3 of our own on 127.0.0.1 that fails as it is told, request by request.
 *
 * `await using server = await faultyS3({ objects: { 'bucket/a': bytes }, faults: [{ key: 'a', do: 'reset', at: 100 }] })`;
 * then `server.url` is the endpoint, and `server.log` what it was asked.
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
  /** Most requests that were under way at once. */
  maxConcurrent = 0;
  #concurrent = 0;
  readonly #server: Server;
  readonly #sockets = new Map<Socket, { readonly id: number; readonly pace: Pace }>();
  #connections = 0;
  readonly #started = performance.now();

  constructor(options: FaultyS3Options) {
    this.options = options;
    this.uploads = new Uploads(this.store, options.leastPart);
    for (const bucket of options.buckets) this.store.createBucket(bucket);
    for (const [path, content] of Object.entries(options.objects)) this.store.put(path, content);
    this.script.add(...options.faults);
    // A connection is never closed for its age: whatever is closed is closed by the script or by the client.
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

  /** Connections that are open, idle ones too. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Connections that there have been. */
  get connections(): number {
    return this.#connections;
  }

  /** Requests that are under way. */
  get concurrent(): number {
    return this.#concurrent;
  }

  /** The requests of one operation, or of one operation on one key. */
  requests(operation: LoggedRequest['operation'], key?: string): LoggedRequest[] {
    return this.log.filter((one) => one.operation === operation && (key === undefined || one.key === key));
  }

  /** Waits until no connection is open. @throws Error after `withinMs` */
  async quiet(withinMs = 5000): Promise<void> {
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
    socket.on('error', () => {}); // clients that abort reset
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
    // An answer that waits behind one that is never ended hears nothing of its connection.
    message.socket.once('close', over);
    response.on('error', () => {});
    try {
      const faults = this.script.for(request);
      if (faults.length > 0) request.fault = faults.map(({ do: what }) => what).join('+');
      const sender = new Sender(response, request, faults, pace, gone.signal);
      const body = await bodyOf(message, gone.signal);
      if (this.options.latencyMs > 0) await sleep(this.options.latencyMs, undefined, { signal: gone.signal });
      if (await sender.before()) return;
      await sender.send(this.#answer(request, body, faults));
    } catch (error) {
      if (gone.signal.aborted) return; // the client has left, or the script has cut the connection
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

  /** What a fault does before there is an answer. */
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
