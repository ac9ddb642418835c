import type { AnswerHead, AnswerHeaders } from '../http/answer-head.ts';
import type { Origin } from '../http/connection.ts';
import type { ConnectionPool } from '../http/connection-pool.ts';
import type { Receiver } from '../http/receiver.ts';

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

/** What came of a GET. */
export interface Got {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  /** Where it was not pushed. */
  readonly body: Uint8Array | undefined;
}

/** Error documents are short. */
const MOST_DOCUMENT_BYTES = 2 ** 20;

/** One GET and its answer. */
export class PushedGet implements Receiver {
  readonly #signal: AbortSignal | undefined;
  readonly #pushed: PushedBody;
  readonly #document: Uint8Array[] = [];
  #documentBytes = 0;
  #head: AnswerHead | undefined;
  #pushing = false;
  #settled = false;
  #end: ((error: Error) => void) | undefined;
  #resolve!: (got: Got) => void;
  #reject!: (error: unknown) => void;

  constructor(signal: AbortSignal | undefined, pushed: PushedBody) {
    this.#signal = signal;
    this.#pushed = pushed;
  }

  /** @throws whatever ends it before its headers have come */
  send(pool: ConnectionPool, origin: Origin, request: string): Promise<Got> {
    const got = new Promise<Got>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.#signal?.aborted) this.#reject(abortError(this.#signal));
    else {
      this.#signal?.addEventListener('abort', this.#onAbort);
      this.#end = pool.send(origin, request, this);
    }
    return got;
  }

  onHead(head: AnswerHead): void {
    this.#head = head;
    this.#pushing = this.#pushed.accepts(head.status, head.headers);
    if (this.#pushing) this.#answer(undefined);
  }

  memory(most: number): Uint8Array {
    return this.#pushing ? this.#pushed.memory(most) : new Uint8Array(Math.min(most, MOST_DOCUMENT_BYTES));
  }

  onData(bytes: Uint8Array): void {
    if (this.#pushing) {
      this.#pushed.onData(bytes);
      return;
    }
    this.#document.push(bytes);
    this.#documentBytes += bytes.length;
    if (this.#documentBytes > MOST_DOCUMENT_BYTES) throw new Error('the error document does not end');
  }

  onEnd(): void {
    if (!this.#pushing) this.#answer(Buffer.concat(this.#document));
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
