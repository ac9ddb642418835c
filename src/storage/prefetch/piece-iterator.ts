import { abortError, onAbort } from '../../bytes/abortable.ts';
import type { ObjectPiece } from './object-piece.ts';
import { LATER, END as PLAN_END } from './object-plan.ts';
import type { OrderedPrefetch } from './ordered-prefetch.ts';
import type { TransferCounts } from './transfer-control.ts';

const END: IteratorResult<never> = { done: true, value: undefined };

interface Waiting<T> {
  resolve(step: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/**
 * The face of a prefetch as an iterator. What is there is handed out at once, in a promise that is resolved already; ending it early, or its signal, ends
 * what is under way.
 */
export class PieceIterator<T> implements AsyncIterableIterator<T> {
  readonly #prefetch: OrderedPrefetch;
  readonly #pick: (piece: ObjectPiece) => T;
  readonly #signal: AbortSignal | undefined;
  readonly #counts: TransferCounts;
  readonly #waiting: Waiting<T>[] = [];
  #waitingSince = 0;
  #listening = false;
  #ended = false;

  /** @param begin makes the prefetch, which is told what to call when there may be something */
  constructor(
    begin: (onProgress: () => void) => OrderedPrefetch,
    pick: (piece: ObjectPiece) => T,
    counts: TransferCounts,
    signal: AbortSignal | undefined,
  ) {
    this.#prefetch = begin(() => this.#serve());
    this.#pick = pick;
    this.#counts = counts;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#ended) return Promise.resolve(END);
    if (!this.#listening) this.#listen();
    if (this.#signal?.aborted) return this.#fail(abortError(this.#signal));
    if (this.#waiting.length === 0) {
      try {
        const piece = this.#prefetch.take();
        if (piece === PLAN_END) return this.#finish();
        if (piece !== LATER) return Promise.resolve({ done: false, value: this.#pick(piece) });
      } catch (error) {
        return this.#fail(error);
      }
      this.#waitingSince = performance.now();
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  async return(): Promise<IteratorResult<T>> {
    await this.#finish();
    return END;
  }

  /** There may be something for those who wait. */
  #serve(): void {
    while (this.#waiting.length > 0 && !this.#ended) {
      try {
        const piece = this.#prefetch.take();
        if (piece === LATER) return;
        if (piece === PLAN_END) {
          void this.#finish();
          return;
        }
        this.#waitOver();
        this.#waiting.shift()?.resolve({ done: false, value: this.#pick(piece) });
      } catch (error) {
        this.#waitOver();
        const waiting = this.#waiting.shift();
        this.#fail(error).catch(waiting?.reject);
        return;
      }
    }
  }

  /** Ends it, and rejects once nothing is under way any more. */
  async #fail(error: unknown): Promise<never> {
    await this.#finish();
    throw error;
  }

  async #finish(): Promise<IteratorResult<T>> {
    if (!this.#ended) {
      this.#ended = true;
      this.#signal?.removeEventListener('abort', this.#abort);
    }
    await this.#prefetch.close();
    for (const { resolve } of this.#waiting.splice(0)) resolve(END);
    return END;
  }

  readonly #abort = (): void => {
    const error = abortError(this.#signal as AbortSignal);
    const waiting = this.#waiting.splice(0);
    // Not after what is under way has ended: whoever aborts goes on at once.
    for (const { reject } of waiting) reject(error);
    void this.#finish();
  };

  #listen(): void {
    this.#listening = true;
    onAbort(this.#signal, this.#abort);
  }

  #waitOver(): void {
    const now = performance.now();
    this.#counts.readerWaitedMs += now - this.#waitingSince;
    this.#waitingSince = now;
  }
}
