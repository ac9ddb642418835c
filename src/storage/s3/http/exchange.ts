import { onAbort } from '../../../bytes/abortable.ts';
import { Watchdog, type WatchdogOptions } from '../../prefetch/attempts.ts';
import type { EndRequest, Receiver } from './connection-pool.ts';
import type { ResponseHead, ResponseHeaders } from './response-head.ts';

/** Receives the body of an object as it arrives, without an intermediate stream. */
export interface BodySink {
  /** Reports whether the sink accepts the body. An exception ends the request. */
  accepts(status: number, headers: ResponseHeaders): boolean;
  /** Returns memory for the next bytes of the body. See {@link Receiver.memory}. */
  memory(maxBytes: number): Uint8Array;
  onData(bytes: Uint8Array): void;
  /** Called after an accepted body has ended or failed. */
  onEnd(error: Error | undefined): void;
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  /** The body. Undefined if a {@link BodySink} received it. */
  readonly body: Uint8Array | undefined;
}

/**
 * Maximum size of a document. A listing page of 1,000 keys of 1,024 bytes each, with every byte
 * escaped, is about 4 MB long.
 */
const MAX_DOCUMENT_BYTES: number = 8 * 1024 * 1024;
const DOCUMENT_BLOCK_BYTES = 64 * 1024;

/**
 * One request and its response. Collects a body in memory if there is no sink or the sink does not
 * accept it; such a body is a listing or an error document.
 */
export class Exchange implements Receiver {
  readonly #signal: AbortSignal | undefined;
  readonly #sink: BodySink | undefined;
  readonly #watchdog: Watchdog | undefined;
  readonly #document: Uint8Array[] = [];
  #documentBytes = 0;
  #head: ResponseHead | undefined;
  #accepted = false;
  #settled = false;
  #endRequest: EndRequest | undefined;
  #resolve!: (response: HttpResponse) => void;
  #reject!: (error: unknown) => void;

  /**
   * @param timeouts limits for a response without a sink; with a sink, the caller enforces the
   *   timeouts
   */
  constructor(signal: AbortSignal | undefined, sink: BodySink | undefined, timeouts: WatchdogOptions) {
    this.#signal = signal;
    this.#sink = sink;
    if (sink !== undefined) return;
    const received = (): number | undefined => (this.#head === undefined ? undefined : this.#documentBytes);
    this.#watchdog = new Watchdog(timeouts, received, (failure) => this.#end(failure));
  }

  /**
   * Resolves with the headers if the sink accepts the body, otherwise with the whole response.
   *
   * @param begin sends the request
   * @throws the error that ended the request earlier
   */
  send(begin: (receiver: Receiver) => EndRequest): Promise<HttpResponse> {
    const response = new Promise<HttpResponse>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.#signal?.aborted) this.#finish(abortError(this.#signal));
    else {
      onAbort(this.#signal, this.#onAbort);
      try {
        this.#endRequest = begin(this);
      } catch (error) {
        this.#finish(error as Error);
      }
    }
    return response;
  }

  onHead(head: ResponseHead): void {
    this.#head = head;
    this.#accepted = this.#sink?.accepts(head.status, head.headers) ?? false;
    if (this.#accepted) this.#respond(undefined);
  }

  memory(maxBytes: number): Uint8Array {
    return this.#accepted
      ? (this.#sink as BodySink).memory(maxBytes)
      : new Uint8Array(Math.min(maxBytes, DOCUMENT_BLOCK_BYTES));
  }

  onData(bytes: Uint8Array): void {
    if (this.#accepted) {
      (this.#sink as BodySink).onData(bytes);
      return;
    }
    this.#documentBytes += bytes.length;
    if (this.#documentBytes > MAX_DOCUMENT_BYTES) throw endlessDocument();
    this.#document.push(bytes);
  }

  onEnd(): void {
    if (!this.#accepted) this.#respond(Buffer.concat(this.#document));
    this.#finish(undefined);
  }

  onFailure(error: Error): void {
    this.#finish(error);
  }

  readonly #onAbort = (): void => this.#end(abortError(this.#signal));

  #end(error: Error): void {
    this.#endRequest?.(error);
    this.#finish(error);
  }

  #respond(body: Uint8Array | undefined): void {
    const { status, reason, headers } = this.#head as ResponseHead;
    this.#resolve({ statusCode: status, reason, headers, body });
  }

  #finish(error: Error | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#watchdog?.stop();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (this.#accepted) this.#sink?.onEnd(error);
    else if (error !== undefined) this.#reject(error);
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('the request was aborted', { cause: signal?.reason });
  error.name = 'AbortError';
  return error;
}

function endlessDocument(): Error {
  const error = new Error(`the response is longer than ${MAX_DOCUMENT_BYTES} bytes`);
  return Object.assign(error, { code: 'EndlessDocument' });
}
