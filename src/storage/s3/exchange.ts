import type { Dispatcher } from 'undici';
import { onAbort } from '../../bytes/abortable.ts';
import type { FetchFailure } from '../errors.ts';
import { Watchdog } from '../prefetch/watchdog.ts';
import type { Receiver } from './http/connection.ts';
import { Document } from './http/document.ts';
import { abortError } from './pushed-get.ts';
import type { S3Timeouts } from './s3-timeouts.ts';

/** An answer whose body has been collected. */
export interface CollectedResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** One request over undici whose answer is collected: bounded in size, and in time by the same watchdog as GETs of objects. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (response: CollectedResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #document = new Document();
  readonly #watchdog: Watchdog;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #reason = '';
  #headers: Record<string, string> = {};
  #failure: Error | undefined;
  #settled = false;

  constructor(
    signal: AbortSignal | undefined,
    timeouts: S3Timeouts,
    resolve: (response: CollectedResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    const received = (): number | undefined =>
      this.#status === undefined ? undefined : this.#document.length;
    this.#watchdog = new Watchdog(timeouts, received, (failure) => this.#end(failure));
  }

  /** @returns whether the request is still wanted */
  start(): boolean {
    if (this.#signal?.aborted) {
      this.#finish(abortError(this.#signal));
      return false;
    }
    onAbort(this.#signal, this.#onAbort);
    return true;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) controller.abort(this.#failure ?? abortError(this.#signal));
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
    if (this.#settled) return;
    try {
      this.#document.add(chunk);
    } catch (error) {
      this.#end(error as Error);
    }
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    const [statusCode, reason, headers] = [this.#status ?? 0, this.#reason, this.#headers];
    this.#resolve({ statusCode, reason, headers, body: this.#document.bytes() });
    this.#finish(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish(error);
  }

  readonly #onAbort = (): void => this.#end(abortError(this.#signal));

  /** Ends the request and its connection. */
  #end(error: Error | FetchFailure): void {
    this.#finish(error);
    this.#controller?.abort(error);
  }

  #finish(error: Error | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#failure = error;
    this.#watchdog.stop();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (error !== undefined) this.#reject(error);
  }
}

/** A GET over undici whose body is pushed: the way through a proxy. */
export class PushedExchange implements Dispatcher.DispatchHandler {
  readonly #receiver: Receiver;
  #controller: Dispatcher.DispatchController | undefined;
  #headed = false;
  #ended: Error | undefined;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Ends the request and its connection. */
  end(error: Error): void {
    this.#ended ??= error;
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended !== undefined) controller.abort(this.#ended);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    reason = '',
  ): void {
    if (status < 200) return;
    this.#headed = true;
    const head = {
      status,
      reason,
      headers: plainHeaders(headers),
      body: 'chunked',
      keepAlive: true,
    } as const;
    this.#guarded(() => this.#receiver.onHead(head));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#guarded(() => {
      for (let at = 0; at < chunk.length && this.#ended === undefined; ) {
        const target = this.#receiver.memory(chunk.length - at);
        const piece = chunk.subarray(at, at + target.length);
        target.set(piece);
        at += piece.length;
        this.#receiver.onData(target.subarray(0, piece.length));
      }
    });
  }

  onResponseEnd(): void {
    if (this.#ended === undefined && this.#headed) this.#receiver.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#receiver.onFailure(this.#ended ?? error);
  }

  /** What the receiver throws ends the request. */
  #guarded(call: () => void): void {
    if (this.#ended !== undefined) return;
    try {
      call();
    } catch (error) {
      this.end(error as Error);
    }
  }
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return plain;
}
