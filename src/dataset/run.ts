import { onAbort } from '../bytes/abortable.ts';
import { RecordpipeError } from '../errors.ts';
import { Iteration, LATER, type Open, type Stage, type Step } from './stage.ts';

/** How one iteration is run. */
export interface IterateOptions {
  /** Ends the iteration at once with an `aborted` error and closes its sources. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Which iteration this is, from 0, for operators with a seed. Default: they are counted, for a dataset and all that is derived from it
   * behind its first `shuffle`.
   */
  readonly iteration?: number | undefined;
}

/** One iteration of a chain: opened with the first element that is asked for, closed once, abortable. */
export class Run<T> {
  readonly #open: Open<T>;
  readonly #number: () => number;
  readonly #signal: AbortSignal | undefined;
  #iteration: Iteration | undefined;
  #stage: Stage<T> | undefined;
  #aborted = false;
  #closed = false;
  #turn = false;
  /** Ends the wait under way. */
  #wake: (() => void) | undefined;

  /** @param number gives the number of the iteration when it begins */
  constructor(open: Open<T>, number: () => number, signal: AbortSignal | undefined) {
    this.#open = open;
    this.#number = number;
    this.#signal = signal;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get closed(): boolean {
    return this.#closed;
  }

  next(): Step<T> {
    if (this.#aborted) throw this.#abortError();
    const stage = this.#stage ?? this.#begin();
    if (this.#iteration!.turns.due()) {
      this.#turn = true;
      return LATER;
    }
    return stage.next();
  }

  /** Passes over elements that are there. */
  pass(count: number): number {
    return this.#stage === undefined || this.#aborted ? 0 : this.#stage.pass(count);
  }

  /** Resolves when it is worth asking again, also because of an abort or `close`. */
  ready(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#aborted || this.#closed) return resolve();
      const turn = this.#turn;
      this.#turn = false;
      const wake = (): void => {
        if (this.#wake === wake) this.#wake = undefined;
        resolve();
      };
      // A waiting stage is not asked by Promise.race: its promise would hold on to every wait.
      this.#wake = wake;
      (turn ? this.#iteration!.turns.take() : this.#stage!.ready()).then(wake);
    });
  }

  /** Closes the sources; only the first call does. After an abort nobody waits for them: one that never answers would hold everything up. */
  close(): Promise<void> | undefined {
    if (this.#closed) return undefined;
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    let closing: Promise<void> | undefined;
    try {
      closing = this.#stage?.close();
    } finally {
      this.#wake?.();
    }
    if (closing === undefined || !this.#aborted) return closing;
    closing.catch(() => {});
    return undefined;
  }

  /** Closes because of a failure, which then is what counts. */
  async fail(): Promise<void> {
    try {
      await this.close();
    } catch {}
  }

  #begin(): Stage<T> {
    const signal = this.#signal;
    if (signal?.aborted) {
      this.#aborted = true;
      throw this.#abortError();
    }
    this.#iteration = new Iteration(this.#number());
    this.#stage = this.#open(this.#iteration);
    onAbort(signal, this.#abort);
    return this.#stage;
  }

  readonly #abort = (): void => {
    this.#aborted = true;
    try {
      this.close();
    } catch {}
  };

  #abortError(): RecordpipeError {
    return new RecordpipeError('aborted', 'aborted by its signal', {}, this.#signal?.reason);
  }
}
