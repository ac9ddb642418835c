import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { type AnswerHead, ChunkedBody, MalformedAnswer, parseAnswerHead } from './response-head.ts';

/** Takes an answer as it comes. */
export interface Receiver {
  /** Once. What it throws ends the request. */
  onHead(head: AnswerHead): void;
  /** Where the next bytes of the body are to be put: at least one and at most `most` of them, in memory that nobody else writes to until they are there. */
  memory(most: number): Uint8Array;
  /** The bytes that have come, where {@link memory} wanted them. What it throws ends the request. */
  onData(bytes: Uint8Array): void;
  /** All bytes have come, or, where the answer did not say how many there are, the connection was closed. */
  onEnd(): void;
  /** Nothing more comes. */
  onFailure(error: Error): void;
}

const CODES = { connecting: 'ConnectTimeout', head: 'HeadersTimeout', body: 'BodyTimeout' } as const;

/** A service that says nothing. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
  readonly code: string;

  constructor(phase: keyof typeof CODES) {
    super('the service says nothing');
    this.code = CODES[phase];
  }
}

/** Where a service is. */
export interface Origin {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}

export interface ConnectionOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Certificates to trust in place of Node's own, in PEM. */
  readonly ca?: string | undefined;
}

/** What the pool is told. */
export interface ConnectionEvents {
  /** It may be used for another request. */
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
  onSession(session: Buffer): void;
}

const MAX_HEAD_BYTES = 64 * 1024;
/** Interim answers (1xx) before the final one. */
const MAX_INTERIM_ANSWERS = 16;
/** S3 drops connections that have been idle for about 5 s. */
const MAX_KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** Heads are read into this by all connections: what is read has been looked at, and copied, when the next read begins. */
const headMemory = Buffer.allocUnsafeSlow(MAX_HEAD_BYTES);
const END_OF_HEAD = Buffer.from('\r\n\r\n');

type Phase = 'connecting' | 'head' | 'body' | 'idle' | 'closed';

/**
 * A connection that sends one GET after another. The socket reads each body straight to where its receiver wants it: no buffer in between that has to be
 * allocated, copied and collected, which takes more of the processor than all else together.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #phase: Phase = 'connecting';
  #receiver: Receiver | undefined;
  /** What of a head has come that did not come at once. */
  #partial: Buffer | undefined;
  #interim = 0;
  #head: AnswerHead | undefined;
  #left = 0;
  #chunked: ChunkedBody | undefined;
  /** Where the next bytes of the body go. */
  #target: Uint8Array | undefined;
  #keepAliveMs = MAX_KEEP_ALIVE_MS;

  constructor(
    origin: Origin,
    options: ConnectionOptions,
    events: ConnectionEvents,
    session: Buffer | undefined,
  ) {
    this.#options = options;
    this.#events = events;
    const onread = {
      buffer: () => this.#memory(),
      callback: (bytes: number, buffer: Uint8Array) => this.#read(bytes, buffer),
    } satisfies OnReadOpts;
    this.#socket = open(origin, onread, session, options.ca);
    this.#socket.setTimeout(options.connectTimeoutMs);
    this.#socket.setNoDelay(true);
    this.#socket.on(origin.protocol === 'https:' ? 'secureConnect' : 'connect', () => this.#connected());
    this.#socket.on('session', (one: Buffer) => events.onSession(one));
    this.#socket.on('timeout', () => this.#silent());
    this.#socket.on('end', () => this.#ended());
    this.#socket.on('error', (error) => this.destroy(error));
    this.#socket.on('close', () => this.destroy(closedEarly()));
  }

  /** @param request line and headers, with the empty line behind them */
  send(request: string, receiver: Receiver): void {
    this.#receiver = receiver;
    this.#socket.ref();
    this.#socket.write(request, 'latin1');
    if (this.#phase === 'idle') this.#enter('head');
  }

  /** Whether `receiver` still waits for its answer. */
  serves(receiver: Receiver): boolean {
    return this.#receiver === receiver;
  }

  /** Closes it; whoever waits for an answer is told why. */
  destroy(error: Error): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#target = undefined;
    this.#socket.destroy();
    this.#events.onClosed(this);
    receiver?.onFailure(error);
  }

  #connected(): void {
    if (this.#phase === 'connecting') this.#enter(this.#receiver === undefined ? 'idle' : 'head');
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    const { headersTimeoutMs, idleTimeoutMs } = this.#options;
    if (phase === 'head') this.#socket.setTimeout(headersTimeoutMs);
    else if (phase === 'body') this.#socket.setTimeout(idleTimeoutMs);
    else this.#socket.setTimeout(this.#keepAliveMs);
  }

  /** Nothing came for as long as is waited. What came while this process was busy is read first. */
  #silent(): void {
    const [phase, { bytesRead }] = [this.#phase, this.#socket];
    if (phase === 'closed') return;
    if (phase === 'idle') this.destroy(closedEarly());
    else
      setImmediate(() =>
        setImmediate(() => {
          if (this.#phase === phase && this.#socket.bytesRead === bytesRead)
            this.destroy(new TimedOut(phase));
        }),
      );
  }

  /** The service has closed its side. */
  #ended(): void {
    if (this.#head?.body === 'until closed' && this.#receiver !== undefined) this.#finish(false);
    else this.destroy(closedEarly());
  }

  /** Where the socket reads to next. */
  #memory(): Uint8Array {
    return this.#target ?? headMemory;
  }

  /** Bytes have come. @returns true: more may */
  #read(bytes: number, buffer: Uint8Array): boolean {
    try {
      if (this.#target !== undefined) this.#advance(bytes);
      else this.#take(buffer.subarray(0, bytes));
    } catch (error) {
      this.destroy(error as Error);
    }
    return true;
  }

  /** The socket has read to where it was wanted. */
  #advance(bytes: number): void {
    const target = this.#target as Uint8Array;
    this.#left -= bytes;
    this.#target = bytes < target.length ? target.subarray(bytes) : undefined;
    (this.#receiver as Receiver).onData(target.subarray(0, bytes));
    if (this.#phase === 'body') this.#goOn();
  }

  /** Bytes that are not where they are to be yet. */
  #take(bytes: Uint8Array): void {
    if (this.#phase === 'closed') return;
    if (this.#receiver === undefined) throw new MalformedAnswer('there is an answer that nobody asked for');
    if (this.#chunked !== undefined) this.#takeChunks(bytes);
    else this.#takeHead(bytes);
  }

  #takeHead(bytes: Uint8Array): void {
    const all = this.#partial === undefined ? bytes : Buffer.concat([this.#partial, bytes]);
    const text = Buffer.from(all.buffer, all.byteOffset, all.length);
    const end = text.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (all.length >= MAX_HEAD_BYTES) throw new MalformedAnswer('the headers of the answer do not end');
      this.#partial = Buffer.from(all);
      return;
    }
    this.#partial = undefined;
    const head = parseAnswerHead(text.toString('latin1', 0, end));
    const rest = all.subarray(end + END_OF_HEAD.length);
    if (head.status < 200) {
      if (++this.#interim > MAX_INTERIM_ANSWERS)
        throw new MalformedAnswer(`more than ${MAX_INTERIM_ANSWERS} interim answers (${head.status})`);
      if (rest.length > 0) this.#takeHead(rest);
      return;
    }
    this.#interim = 0;
    this.#begin(head, rest);
  }

  #begin(head: AnswerHead, rest: Uint8Array): void {
    this.#head = head;
    const hint = /\btimeout=(\d{1,5})\b/.exec(head.headers['keep-alive'] ?? '')?.[1];
    if (hint !== undefined)
      this.#keepAliveMs = Math.min(
        MAX_KEEP_ALIVE_MS,
        Math.max(1, Number(hint) * 1000 - KEEP_ALIVE_MARGIN_MS),
      );
    this.#enter('body');
    (this.#receiver as Receiver).onHead(head);
    if (this.#phase !== 'body') return;
    if (head.body === 'chunked') {
      this.#chunked = new ChunkedBody((bytes) => this.#copy(bytes));
      this.#takeChunks(rest);
      return;
    }
    this.#left = head.body === 'until closed' ? Number.POSITIVE_INFINITY : head.body;
    const own = Math.min(rest.length, this.#left);
    this.#left -= own;
    this.#copy(rest.subarray(0, own));
    if (this.#phase !== 'body') return;
    if (own < rest.length) this.#head = { ...head, keepAlive: false };
    this.#goOn();
  }

  #takeChunks(bytes: Uint8Array): void {
    const end = (this.#chunked as ChunkedBody).push(bytes);
    if (end >= 0 && this.#phase === 'body') this.#finish(end === bytes.length);
  }

  #copy(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && this.#receiver !== undefined; ) {
      const target = this.#receiver.memory(bytes.length - at);
      const piece = bytes.subarray(at, at + target.length);
      target.set(piece);
      at += piece.length;
      this.#receiver.onData(target.subarray(0, piece.length));
    }
  }

  #goOn(): void {
    if (this.#left === 0) this.#finish(true);
    else if (this.#target === undefined) {
      const memory = (this.#receiver as Receiver).memory(this.#left);
      this.#target = memory.length > this.#left ? memory.subarray(0, this.#left) : memory;
    }
  }

  #finish(clean: boolean): void {
    const receiver = this.#receiver as Receiver;
    const again = clean && (this.#head as AnswerHead).keepAlive;
    this.#receiver = undefined;
    this.#head = undefined;
    this.#chunked = undefined;
    this.#target = undefined;
    if (again) {
      this.#enter('idle');
      this.#socket.unref();
      this.#events.onIdle(this);
    } else this.destroy(closedEarly());
    receiver.onEnd();
  }
}

function open(
  { protocol, hostname, port }: Origin,
  onread: OnReadOpts,
  session: Buffer | undefined,
  ca: string | undefined,
): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'https:') return connectPlain({ host, port: port ?? 80, onread });
  return connectSecurely({
    host,
    port: port ?? 443,
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['http/1.1'],
    ...(session !== undefined && { session }),
    ...(ca !== undefined && { ca }),
    // Node takes it, its types do not know it.
    ...({ onread } as object),
  });
}

function closedEarly(): Error {
  return Object.assign(new Error('the connection was closed before the answer had come'), {
    code: 'ECONNRESET',
  });
}
