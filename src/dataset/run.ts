import { onAbort } from '../bytes/abortable.ts';
import { RecordpipeError } from '../errors.ts';
import { type DatasetState, IterationStates, resumedIteration } from './dataset-state.ts';
import { MarkedSource } from './marked-source.ts';
import type { Position } from './position.ts';
import { Iteration, LATER, type Openable, type Stage, type Step } from './stage.ts';

/** Options of one iteration. */
export interface IterateOptions {
  /** Signal that ends the iteration immediately with an `aborted` error and closes its sources. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Zero-based number of this iteration, for operators with a seed. By default, iterations are
   * counted per dataset, together with all datasets derived from its first `shuffle`.
   */
  readonly iteration?: number | undefined;
}

/** How a run begins. */
export interface RunBeginning {
  /** Returns the number of the iteration. Called once, when the run or its state is requested. */
  readonly number: () => number;
  readonly signal: AbortSignal | undefined;
  /** State to continue from, which has been checked. */
  readonly from: DatasetState | undefined;
  /** Whether `state` will be called. */
  readonly tracked: boolean;
}

/**
 * One iteration of a chain of operators. It opens when the first element is requested, closes once,
 * and can be aborted.
 */
export class Run<T> {
  readonly #source: Openable<T>;
  readonly #beginning: RunBeginning;
  readonly #signal: AbortSignal | undefined;
  /** Position of a closed run. */
  #end: Position | undefined;
  #iteration: Iteration | undefined;
  #states: IterationStates | undefined;
  #stage: Stage<T> | undefined;
  #aborted = false;
  #closed = false;
  #turn = false;
  /** Ends the pending wait, if any. */
  #wake: (() => void) | undefined;

  constructor(source: Openable<T>, beginning: RunBeginning) {
    this.#source = source;
    this.#beginning = beginning;
    this.#signal = beginning.signal;
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

  /** Skips up to `count` ready elements and returns their number. */
  pass(count: number): number {
    return this.#stage === undefined || this.#aborted ? 0 : this.#stage.pass(count);
  }

  /**
   * Returns a promise that resolves when `next` should be called again, including after an abort or
   * `close`.
   */
  ready(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#aborted || this.#closed) return resolve();
      const turn = this.#turn;
      this.#turn = false;
      const wake = (): void => {
        if (this.#wake === wake) this.#wake = undefined;
        resolve();
      };
      // Do not use Promise.race, which would keep every wait in memory until the promise of the
      // stage settles.
      this.#wake = wake;
      (turn ? this.#iteration!.turns.take() : this.#stage!.ready()).then(wake);
    });
  }

  /**
   * Closes the sources once. After an abort, it does not wait for them, because a source may never
   * respond.
   */
  close(): Promise<void> | undefined {
    if (this.#closed) return undefined;
    this.#closed = true;
    this.#end = this.#position;
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

  /** Closes the sources after a failure, which takes precedence over errors while closing. */
  async fail(): Promise<void> {
    try {
      await this.close();
    } catch {}
  }

  /** Returns the state after the last element. The run must be tracked. */
  state(): DatasetState {
    this.#states ??= new IterationStates(this.#source.operator, this.#identify());
    return this.#states.at(this.#end ?? this.#position);
  }

  get #position(): Position {
    return this.#stage?.position() ?? this.#beginning.from?.position ?? null;
  }

  #identify(): Iteration {
    const { number, from } = this.#beginning;
    this.#iteration ??=
      from === undefined ? new Iteration(number()) : resumedIteration(this.#source.operator, from);
    return this.#iteration;
  }

  #begin(): Stage<T> {
    const signal = this.#signal;
    if (signal?.aborted) {
      this.#aborted = true;
      throw this.#abortError();
    }
    const iteration = this.#identify();
    const { from, tracked } = this.#beginning;
    this.#stage =
      tracked || from !== undefined
        ? MarkedSource.open('the dataset', this.#source, iteration, from?.position, 0, true)
        : this.#source.openStage(iteration);
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
