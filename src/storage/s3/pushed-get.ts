import { onAbort } from '../../bytes/abortable.ts';
import type { Receiver } from './http/connection.ts';
import { Document } from './http/document.ts';
import type { AnswerHead, AnswerHeaders } from './http/response-head.ts';

/** Takes the body of an answer as it comes, with no stream in between. */
export interface PushedBody {
  /** Called with the headers: whether the body is wanted in this way. What it throws ends the request. */
  accepts(status: number, headers: AnswerHeaders): boolean;
  /** See Receiver. */
  memory(most: number): Uint8Array;
  onData(bytes: Uint8Array): void;
  /** After the last byte, or when there will be no more. Called only when the body was accepted. */
  onEnd(error: Error | undefined): void;
}

/** The answer to a GET. */
export interface HttpResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  /** Undefined where it was pushed. */
  readonly body: Uint8Array | undefined;
}

/** Memory for a piece of a document. */
const DOCUMENT_PIECE_BYTES = 64 * 1024;

/** One GET and its answer. */
export class PushedGet implements Receiver {
  readonly #signal: AbortSignal | undefined;
  readonly #pushed: PushedBody;
  readonly #document = new Document();
  #head: AnswerHead | undefined;
  #pushing = false;
  #settled = false;
  #end: ((error: Error) => void) | undefined;
  #resolve!: (response: HttpResponse) => void;
  #reject!: (error: unknown) => void;

  constructor(signal: AbortSignal | undefined, pushed: PushedBody) {
    this.#signal = signal;
    this.#pushed = pushed;
  }

  /**
   * @param begin sends the request; returns what ends it, with its connection
   * @throws whatever ends it before its headers have come
   */
  send(begin: (receiver: Receiver) => (error: Error) => void): Promise<HttpResponse> {
    const response = new Promise<HttpResponse>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.#signal?.aborted) this.#reject(abortError(this.#signal));
    else {
      onAbort(this.#signal, this.#onAbort);
      this.#end = begin(this);
    }
    return response;
  }

  onHead(head: AnswerHead): void {
    this.#head = head;
    this.#pushing = this.#pushed.accepts(head.status, head.headers);
    if (this.#pushing) this.#answer(undefined);
  }

  memory(most: number): Uint8Array {
    return this.#pushing ? this.#pushed.memory(most) : new Uint8Array(Math.min(most, DOCUMENT_PIECE_BYTES));
  }

  onData(bytes: Uint8Array): void {
    if (this.#pushing) {
      this.#pushed.onData(bytes);
      return;
    }
    this.#document.add(bytes);
  }

  onEnd(): void {
    if (!this.#pushing) this.#answer(this.#document.bytes());
    this.#finish(undefined);
  }

  onFailure(error: Error): void {
    this.#finish(error);
  }

  readonly #onAbort = (): void => {
    const error = abortError(this.#signal);
    this.#end?.(error);
    this.#finish(error);
  };

  #answer(body: Uint8Array | undefined): void {
    const { status, reason, headers } = this.#head as AnswerHead;
    this.#resolve({ statusCode: status, reason, headers, body });
  }

  #finish(error: Error | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (this.#pushing) this.#pushed.onEnd(error);
    else if (error !== undefined) this.#reject(error);
  }
}

export function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('the request was aborted', { cause: signal?.reason });
  error.name = 'AbortError';
  return error;
}
