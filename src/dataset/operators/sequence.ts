import { ArrayStage } from '../iterables.ts';
import { END, type Iteration, LATER, type Open, Stage, type Step, Through } from '../stage.ts';

/**
 * Returns a function that opens the source until one iteration has read all of it. Later iterations
 * read the elements from memory.
 */
export function cached<T>(open: Open<T>): Open<T> {
  let complete: readonly T[] | undefined;
  return (iteration) => {
    if (complete !== undefined) return new ArrayStage(complete);
    return new CachingStage(open(iteration), (elements) => {
      complete ??= elements;
    });
  };
}

class CachingStage<T> extends Through<T, T> {
  readonly #keep: (elements: readonly T[]) => void;
  #elements: T[] = [];

  constructor(source: Stage<T>, keep: (elements: readonly T[]) => void) {
    super(source);
    this.#keep = keep;
  }

  next(): Step<T> {
    const element = this.source.next();
    if (element === END) this.#keep(this.#elements);
    else if (element !== LATER) this.#elements.push(element);
    return element;
  }

  override close(): Promise<void> | undefined {
    this.#elements = [];
    return super.close();
  }
}

/**
 * Yields the elements of several stages in sequence. Closes each stage before it opens the next.
 */
export abstract class Sequence<T> extends Stage<T> {
  #current: Stage<T> | undefined;
  #any = false;
  #closing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * Opens the next stage. Returns undefined after the last one. `any` is true if the previous stage
   * had elements.
   */
  protected abstract advance(any: boolean): Stage<T> | undefined;

  next(): Step<T> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#closing !== undefined) return LATER;
      if (this.#current === undefined) {
        this.#current = this.advance(this.#any);
        this.#any = false;
        if (this.#current === undefined) return END;
      }
      const element = this.#current.next();
      if (element !== END) {
        if (element !== LATER) this.#any = true;
        return element;
      }
      this.#leave(this.#current);
    }
  }

  override pass(count: number): number {
    const passed = this.#current?.pass(count) ?? 0;
    if (passed > 0) this.#any = true;
    return passed;
  }

  ready(): Promise<void> {
    return this.#closing ?? this.#current?.ready() ?? Promise.resolve();
  }

  close(): Promise<void> | undefined {
    return this.#current?.close() ?? this.#closing;
  }

  #leave(stage: Stage<T>): void {
    this.#current = undefined;
    this.#closing = stage.close()?.then(
      () => {
        this.#closing = undefined;
      },
      (error: unknown) => {
        this.#closing = undefined;
        this.#failure = { error };
      },
    );
  }
}

/**
 * Repeats the elements of a dataset. Without a limit, ends after the first round without elements.
 */
export class RepeatStage<T> extends Sequence<T> {
  readonly #open: Open<T>;
  readonly #iteration: Iteration;
  readonly #times: number;
  #round = 0;

  constructor(open: Open<T>, times: number, iteration: Iteration) {
    super();
    this.#open = open;
    this.#times = times;
    this.#iteration = iteration;
  }

  protected advance(any: boolean): Stage<T> | undefined {
    const forever = this.#times === Number.POSITIVE_INFINITY;
    if (this.#round >= this.#times || (forever && this.#round > 0 && !any)) return undefined;
    const { index } = this.#iteration;
    const before = forever ? index * 2 ** 32 : index * this.#times;
    return this.#open(this.#iteration.at(before + this.#round++));
  }
}

/** Yields the elements of one dataset after another. */
export class ConcatenateStage<T> extends Sequence<T> {
  readonly #opens: readonly Open<T>[];
  readonly #iteration: Iteration;
  #at = 0;

  constructor(opens: readonly Open<T>[], iteration: Iteration) {
    super();
    this.#opens = opens;
    this.#iteration = iteration;
  }

  protected advance(): Stage<T> | undefined {
    return this.#at < this.#opens.length ? this.#opens[this.#at++](this.#iteration) : undefined;
  }
}
