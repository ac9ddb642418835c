import { RecordpipeError } from '../errors.ts';
import { hostModule } from './host.ts';

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/** `chunks`, ended with an `aborted` error as soon as the signal fires, also while a chunk is awaited; the source is closed. */
export function abortable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  if (signal === undefined) return chunks;
  const iterator = new AbortableIterator(chunks[Symbol.asyncIterator](), signal);
  return { [Symbol.asyncIterator]: () => iterator };
}

/** @throws RecordpipeError `aborted` when the signal has fired */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

export function abortError(signal: AbortSignal): RecordpipeError {
  return new RecordpipeError('aborted', 'aborted by its signal', {}, signal.reason);
}

/**
 * Listens for the abort of a signal. Node warns of a leak from the eleventh listener on; here as many listen as files or
 * requests are under way, and each is removed when its work ends.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): void {
  allowListeners(signal);
  signal?.addEventListener('abort', listener);
}

/** Call this before passing a signal to code that adds its own listeners: timers, the AWS SDK. */
export function allowListeners(signal: AbortSignal | undefined): void {
  if (signal !== undefined) hostModule('node:events')?.setMaxListeners(0, signal);
}

// Rejects the pull in progress.
class AbortableIterator implements AsyncIterator<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal;
  #listening = false;
  /** Rejects the pull under way. */
  #reject: ((error: unknown) => void) | undefined;

  constructor(source: AsyncIterator<Uint8Array>, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
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

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#forget();
    // Not awaited after an abort: a source that never answers would hold everything up.
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
