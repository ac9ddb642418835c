import type { Iteration } from './iteration.ts';
import { isPromiseLike } from './promise-like.ts';
import { END, LATER, type Stage, type Step, Through } from './stage.ts';

interface Asked<T> {
  readonly element: T;
  answer?: boolean;
  failure?: { readonly error: unknown };
}

/** Lets through the elements for which a function says yes. */
export class FilterStage<T> extends Through<T, T> {
  readonly #test: (element: T) => boolean | PromiseLike<boolean>;
  readonly #iteration: Iteration;
  /** The element whose answer is awaited, and the answer. */
  #asked: Asked<T> | undefined;
  /** What is waited for, if not the source. */
  #waiting: Promise<void> | undefined;

  constructor(source: Stage<T>, test: (element: T) => boolean | PromiseLike<boolean>, iteration: Iteration) {
    super(source);
    this.#test = test;
    this.#iteration = iteration;
  }

  next(): Step<T> {
    const asked = this.#asked;
    if (asked !== undefined) {
      if (this.#waiting !== undefined) return LATER;
      this.#asked = undefined;
      if (asked.failure !== undefined) throw asked.failure.error;
      if (asked.answer) return asked.element;
    }
    for (;;) {
      const element = this.source.next();
      if (element === LATER || element === END) return element;
      const answer = this.#test(element);
      if (isPromiseLike(answer)) {
        this.#ask(element, answer);
        return LATER;
      }
      if (answer) return element;
      if (this.#iteration.turns.due()) {
        this.#wait(this.#iteration.turns.take());
        return LATER;
      }
    }
  }

  override ready(): Promise<void> {
    return this.#waiting ?? this.source.ready();
  }

  #ask(element: T, answer: PromiseLike<boolean>): void {
    const asked: Asked<T> = { element };
    this.#asked = asked;
    this.#wait(
      Promise.resolve(answer).then(
        (yes) => {
          asked.answer = yes;
        },
        (error: unknown) => {
          asked.failure = { error };
        },
      ),
    );
  }

  #wait(until: Promise<void>): void {
    this.#waiting = until.then(() => {
      this.#waiting = undefined;
    });
  }
}
