import { RecordpipeError, UsageError } from '../errors.ts';
import { typeName } from './arguments.ts';
import { hostModule } from './host.ts';

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Returns `chunks`, but when the signal fires, closes the source and throws an `aborted` error
 * immediately, even while a chunk is being awaited.
 */
export function abortable<T>(chunks: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncIterable<T> {
  if (signal === undefined) return chunks;
  const iterator = new AbortableIterator(chunks[Symbol.asyncIterator](), signal);
  return { [Symbol.asyncIterator]: () => iterator };
}

/**
 * Checks whether the signal has fired.
 * @throws RecordpipeError `aborted` if the signal has fired
 */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

export function abortError(signal: AbortSignal): RecordpipeError {
  return new RecordpipeError('aborted', 'aborted by its signal', {}, signal.reason);
}

/**
 * Adds a listener for the abort of a signal, without Node's leak warning for more than ten
 * listeners. There is one listener per file or request in progress, and each is removed when its
 * work ends.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): void {
  allowListeners(signal);
  signal?.addEventListener('abort', listener);
}

/**
 * Suppresses Node's warning about too many listeners. Call before passing a signal to code that
 * adds its own listeners, such as timers or the AWS SDK.
 */
export function allowListeners(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (typeof signal?.addEventListener !== 'function')
    throw new UsageError(`signal: expected an AbortSignal, got ${typeName(signal)}`);
  hostModule('node:events')?.setMaxListeners(0, signal);
}

/** Iterates over a source until it ends or the signal fires. */
class AbortableIterator<T> implements AsyncIterator<T> {
  readonly #source: AsyncIterator<T>;
  readonly #signal: AbortSignal;
  #listening = false;
  /** Rejects the pull in progress. */
  #reject: ((error: unknown) => void) | undefined;

  constructor(source: AsyncIterator<T>, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  next(): Promise<IteratorResult<T>> {
    if (!this.#listening) this.#listen();
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#signal.aborted) this.#abort();
      else
        this.#source.next().then(
          (step) => {
            this.#reject = undefined;
            if (step.done) this.#forget();
            resolve(step);
          },
          (error: unknown) => {
            this.#reject = undefined;
            this.#forget();
            reject(error);
          },
        );
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#forget();
    // Do not await this after an abort, because a source that never responds would block
    // everything.
    if (this.#signal.aborted) this.#close();
    else await this.#source.return?.();
    return END;
  }

  readonly #abort = (): void => {
    this.#forget();
    this.#close();
    this.#reject?.(abortError(this.#signal));
  };

  #listen(): void {
    this.#listening = true;
    onAbort(this.#signal, this.#abort);
  }

  #forget(): void {
    if (!this.#listening) return;
    this.#listening = false;
    this.#signal.removeEventListener('abort', this.#abort);
  }

  #close(): void {
    this.#source.return?.().catch(() => {});
  }
}
