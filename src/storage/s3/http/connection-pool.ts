import type { OnReadOpts, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Origin, SocketOpener } from './open-socket.ts';
import { ChunkedBody, MalformedResponse, parseResponseHead, type ResponseHead } from './response-head.ts';

/** Receives a response as it arrives. An exception from `onHead` or `onData` ends the request. */
export interface Receiver {
  onHead(head: ResponseHead): void;
  /**
   * Returns memory for the next bytes of the body: 1 to `maxBytes` bytes that no other code writes
   * to until the bytes have arrived.
   */
  memory(maxBytes: number): Uint8Array;
  /** Called when bytes have arrived in the memory from {@link memory}. */
  onData(bytes: Uint8Array): void;
  /** Called when the body is complete. No further call follows. */
  onEnd(): void;
  /** Called when the request has failed. No further call follows. */
  onFailure(error: Error): void;
}

/** Ends a running request and its connection. */
export type EndRequest = (error: Error) => void;

interface ConnectionOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Certificate authorities in PEM format, which replace those of Node. */
  readonly ca?: string | undefined;
}

/**
 * A pool of connections for GETs, kept for a few seconds after each request. Opens one connection
 * per concurrent request; callers limit the number of requests.
 *
 * The socket reads each body directly into the receiver's memory. An HTTP library allocates a
 * buffer for every read, passes it through a parser and copies it, which takes more CPU time (see
 * the groups `s3 … processor` in bench/results.json).
 */
export class ConnectionPool {
  readonly #options: ConnectionOptions;
  readonly #idle = new Map<string, Connection[]>();
  readonly #open = new Set<Connection>();
  readonly #sockets: SocketOpener;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#sockets = new SocketOpener(options.ca);
  }

  /** Sends a request. @param head request line and headers, with the empty line */
  send(origin: Origin, head: string, receiver: Receiver): EndRequest {
    const key = `${origin.protocol}//${origin.hostname}:${origin.port}`;
    const connection = this.#idle.get(key)?.pop() ?? this.#connect(origin, key);
    connection.send(head, receiver);
    return (error) => {
      if (connection.serves(receiver)) connection.destroy(error);
    };
  }

  /** Closes all connections, including those in use. */
  destroy(): void {
    for (const connection of [...this.#open])
      connection.destroy(new Error('the client closed the connection'));
  }

  #connect(origin: Origin, key: string): Connection {
    const idle = this.#idle.get(key) ?? [];
    this.#idle.set(key, idle);
    const events: ConnectionEvents = {
      onIdle: (one) => void idle.push(one),
      onClosed: (one) => {
        this.#open.delete(one);
        const at = idle.indexOf(one);
        if (at >= 0) idle.splice(at, 1);
      },
    };
    const connection = new Connection((onread) => this.#sockets.open(origin, onread), this.#options, events);
    this.#open.add(connection);
    return connection;
  }
}

interface ConnectionEvents {
  /** Called when the connection can carry another request. */
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
}

const TIMEOUT_CODES = { connecting: 'ConnectTimeout', head: 'HeadersTimeout', body: 'BodyTimeout' } as const;
const MAX_HEAD_BYTES = 64 * 1024;
/** Maximum number of interim responses (1xx) before the final one. */
const MAX_INTERIM = 16;
/**
 * Maximum time to keep an idle connection. S3 closes connections that have been idle for about 5 s.
 */
const MAX_KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** Shared memory for response heads. Each head is parsed or copied before the next read. */
const headMemory = Buffer.allocUnsafeSlow(MAX_HEAD_BYTES);
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * Bytes of a body are delivered at least this many at a time, or once per turn of the event loop.
 */
const DELIVERY_BYTES = 128 * 1024;

type Phase = 'connecting' | 'head' | 'body' | 'idle' | 'closed';

/** A connection that sends one GET after another. */
class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #phase: Phase = 'connecting';
  #receiver: Receiver | undefined;
  /** Start of an incomplete head. */
  #partial: Buffer | undefined;
  #interim = 0;
  #head: ResponseHead | undefined;
  /** Number of outstanding bytes of the body. */
  #remaining = 0;
  #chunked: ChunkedBody | undefined;
  /** Memory for the next bytes of the body. Undefined if they are read into `headMemory`. */
  #target: Uint8Array | undefined;
  /** Number of bytes read into `#target`. */
  #filled = 0;
  /** Number of bytes of `#target` that the receiver has. */
  #delivered = 0;
  #deliveryDue = false;
  #keepAliveMs = MAX_KEEP_ALIVE_MS;

  constructor(open: (onread: OnReadOpts) => Socket, options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    const onread = {
      buffer: () => this.#target?.subarray(this.#filled) ?? headMemory,
      callback: (bytes: number, buffer: Uint8Array) => this.#read(bytes, buffer),
    } satisfies OnReadOpts;
    this.#socket = open(onread);
    this.#socket.setTimeout(options.connectTimeoutMs);
    this.#socket.setNoDelay(true);
    this.#socket.on(this.#socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      if (this.#phase === 'connecting') this.#enter(this.#receiver === undefined ? 'idle' : 'head');
    });
    this.#socket.on('timeout', () => this.#timedOut());
    this.#socket.on('end', () => this.#ended());
    this.#socket.on('error', (error) => this.destroy(error));
    this.#socket.on('close', () => this.destroy(closedEarly()));
  }

  send(head: string, receiver: Receiver): void {
    this.#receiver = receiver;
    this.#socket.ref();
    this.#socket.write(head, 'latin1');
    if (this.#phase === 'idle') this.#enter('head');
  }

  readonly #current = (): Receiver | undefined => this.#receiver;

  /** Reports whether `receiver` is still waiting for its response. */
  serves(receiver: Receiver): boolean {
    return this.#receiver === receiver;
  }

  /**
   * Closes the connection. A waiting receiver receives the bytes that have arrived, and the error.
   */
  destroy(error: Error): void {
    this.#deliverNow();
    this.#close(error);
  }

  #close(error: Error): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#target = undefined;
    this.#socket.destroy();
    this.#events.onClosed(this);
    receiver?.onFailure(error);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    const { headersTimeoutMs, idleTimeoutMs } = this.#options;
    const timeoutMs =
      phase === 'head' ? headersTimeoutMs : phase === 'body' ? idleTimeoutMs : this.#keepAliveMs;
    this.#socket.setTimeout(timeoutMs);
  }

  /** Handles a timeout, after reading any bytes that arrived while this process was busy. */
  #timedOut(): void {
    const phase = this.#phase;
    const { bytesRead } = this.#socket;
    if (phase === 'closed') return;
    if (phase === 'idle') {
      this.destroy(closedEarly());
      return;
    }
    const check = (): void => {
      if (this.#phase !== phase || this.#socket.bytesRead !== bytesRead) return;
      const error = new Error('the service does not respond');
      this.destroy(Object.assign(error, { name: 'TimedOut', code: TIMEOUT_CODES[phase] }));
    };
    setImmediate(() => setImmediate(check));
  }

  /** Handles the end of the stream, which means that the service has closed its side. */
  #ended(): void {
    this.#deliverNow();
    if (this.#head?.body === 'until closed' && this.#receiver !== undefined) this.#finish(false);
    else this.destroy(closedEarly());
  }

  /** Handles the bytes of a read. @returns true to continue reading */
  #read(bytes: number, buffer: Uint8Array): boolean {
    try {
      if (this.#target !== undefined) this.#advance(bytes);
      else if (this.#phase !== 'closed') this.#take(buffer.subarray(0, bytes));
    } catch (error) {
      this.destroy(error as Error);
    }
    return true;
  }

  /**
   * Handles `bytes` bytes of the body that the socket has read into `#target`. Delivers them
   * together with later ones, because TLS sockets read at most 16 KiB at a time.
   */
  #advance(bytes: number): void {
    this.#remaining -= bytes;
    this.#filled += bytes;
    const due = this.#filled - this.#delivered >= DELIVERY_BYTES || this.#remaining === 0;
    if (due || this.#filled === this.#target?.length) this.#deliver();
    else if (!this.#deliveryDue) {
      this.#deliveryDue = true;
      setImmediate(this.#deliverNow);
    }
  }

  /** Delivers the bytes that have been read, and closes the connection if the receiver throws. */
  readonly #deliverNow = (): void => {
    this.#deliveryDue = false;
    try {
      this.#deliver();
    } catch (error) {
      this.#close(error as Error);
    }
  };

  #deliver(): void {
    const target = this.#target;
    const from = this.#delivered;
    if (target === undefined || from === this.#filled) return;
    this.#delivered = this.#filled;
    if (this.#filled === target.length) this.#target = undefined;
    (this.#receiver as Receiver).onData(target.subarray(from, this.#filled));
    if (this.#phase === 'body') this.#continueBody();
  }

  #take(bytes: Uint8Array): void {
    if (this.#receiver === undefined) throw new MalformedResponse('a response without a request');
    if (this.#chunked !== undefined) this.#takeChunks(bytes);
    else this.#takeHead(bytes);
  }

  #takeHead(bytes: Uint8Array): void {
    const all = this.#partial === undefined ? bytes : Buffer.concat([this.#partial, bytes]);
    const text = Buffer.from(all.buffer, all.byteOffset, all.length);
    const end = text.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (all.length >= MAX_HEAD_BYTES)
        throw new MalformedResponse('the headers of the response are too long');
      this.#partial = Buffer.from(all);
      return;
    }
    this.#partial = undefined;
    const head = parseResponseHead(text.toString('latin1', 0, end));
    const rest = all.subarray(end + END_OF_HEAD.length);
    if (head.status >= 200) {
      this.#interim = 0;
      this.#begin(head, rest);
      return;
    }
    if (++this.#interim > MAX_INTERIM)
      throw new MalformedResponse(`more than ${MAX_INTERIM} interim responses (${head.status})`);
    if (rest.length > 0) this.#takeHead(rest);
  }

  /** Starts a response. @param rest bytes that arrived together with the head */
  #begin(head: ResponseHead, rest: Uint8Array): void {
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
      this.#chunked = new ChunkedBody((bytes) => copyTo(this.#current, bytes));
      this.#takeChunks(rest);
      return;
    }
    this.#remaining = head.body === 'until closed' ? Number.POSITIVE_INFINITY : head.body;
    const bodyBytes = rest.subarray(0, Math.min(rest.length, this.#remaining));
    this.#remaining -= bodyBytes.length;
    copyTo(this.#current, bodyBytes);
    if (this.#phase !== 'body') return;
    if (bodyBytes.length < rest.length) this.#head = { ...head, keepAlive: false };
    this.#continueBody();
  }

  #takeChunks(bytes: Uint8Array): void {
    const end = (this.#chunked as ChunkedBody).push(bytes);
    if (end >= 0 && this.#phase === 'body') this.#finish(end === bytes.length);
  }

  #continueBody(): void {
    if (this.#remaining === 0) this.#finish(true);
    else if (this.#target === undefined) {
      this.#target = (this.#receiver as Receiver).memory(this.#remaining).subarray(0, this.#remaining);
      this.#filled = 0;
      this.#delivered = 0;
    }
  }

  /** Ends a response. @param clean whether the connection is free of bytes after the body */
  #finish(clean: boolean): void {
    const receiver = this.#receiver as Receiver;
    const keep = clean && (this.#head as ResponseHead).keepAlive;
    this.#receiver = undefined;
    this.#head = undefined;
    this.#chunked = undefined;
    this.#target = undefined;
    if (keep) {
      this.#enter('idle');
      this.#socket.unref();
      this.#events.onIdle(this);
    } else this.destroy(closedEarly());
    receiver.onEnd();
  }
}

/**
 * Copies bytes into a receiver's memory and delivers them.
 *
 * @param receiver called before each piece; returns undefined once the receiver accepts no more
 */
export function copyTo(receiver: () => Receiver | undefined, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const current = receiver();
    if (current === undefined) return;
    const target = current.memory(bytes.length - at);
    const piece = bytes.subarray(at, at + target.length);
    target.set(piece);
    at += piece.length;
    current.onData(target.subarray(0, piece.length));
  }
}

function closedEarly(): Error {
  const error = new Error('the connection was closed before the response was complete');
  return Object.assign(error, { code: 'ECONNRESET' });
}
