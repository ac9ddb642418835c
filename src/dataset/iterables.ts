import { UsageError } from '../errors.ts';
import type { Operator } from './operator.ts';
import { isPromiseLike } from './operators/map.ts';
import { isCount, malformedPosition, type Position, tooFewElements } from './position.ts';
import { END, LATER, type Open, type Openable, Stage, type Step } from './stage.ts';

/** A sequence of elements. */
export type Elements<T> = Iterable<T> | AsyncIterable<T>;
/** A sequence of elements, or a function that returns one and is called once per iteration. */
export type DatasetInput<T> = Elements<T> | (() => Elements<T> | Promise<Elements<T>>);

/**
 * Returns a function that opens the elements of an input. Positions in iterables are numbers of
 * elements. A resumed iteration reads and drops that many elements.
 * @throws UsageError for any other input
 */
export function openInput<T>(input: DatasetInput<T>): Open<T> {
  if (typeof input === 'function')
    return (_iteration, from) => counting(from, (count) => new LateStage(input, count));
  if (Array.isArray(input))
    return (_iteration, from) => counting(from, (count) => new ArrayStage<T>(input, count));
  if (typeof input === 'object' && input !== null) {
    if ('openStage' in input)
      return (iteration, from) => (input as unknown as Openable<T>).openStage(iteration, from);
    if (Symbol.asyncIterator in input || Symbol.iterator in input) return openElements(input);
  }
  throw new UsageError(
    `expected a dataset, an iterable, an async iterable or a function that returns one, got ${input === null ? 'null' : typeof input}`,
  );
}

/** Returns the operator of an input, which is `from` unless it is a dataset. */
export function operatorOf(input: unknown): Operator {
  const { operator } = input as { operator?: Operator };
  return operator ?? FROM;
}

const FROM: Operator = { name: 'from', sources: [] };

/** Opens a stage after a number of elements. */
export function counting<T>(from: Position | undefined, open: (count: number) => Stage<T>): Stage<T> {
  const count = from ?? 0;
  if (!isCount(count)) throw malformedPosition('from');
  return open(count);
}

function openElements<T>(elements: Elements<T>): Open<T> {
  let used = false;
  const once = (iterator: unknown): void => {
    if (iterator !== elements) return;
    if (used)
      throw new UsageError(
        'this iterator was already consumed; pass a function that returns a new one for each iteration',
      );
    used = true;
  };
  return (_iteration, from) => counting(from, (count) => elementStage(elements, count, once));
}

function elementStage<T>(elements: Elements<T>, count: number, once?: (iterator: unknown) => void): Stage<T> {
  if (Symbol.asyncIterator in elements) return new AsyncIteratorStage(elements, count, once);
  return new IteratorStage(elements, count, once);
}

export class ArrayStage<T> extends Stage<T> {
  readonly #items: readonly T[];
  #at: number;

  constructor(items: readonly T[], from = 0) {
    super();
    if (from > items.length) throw tooFewElements('the array');
    this.#items = items;
    this.#at = from;
  }

  next(): Step<T> {
    return this.#at < this.#items.length ? this.#items[this.#at++] : END;
  }

  override pass(count: number): number {
    const passed = Math.min(count, this.#items.length - this.#at);
    this.#at += passed;
    return passed;
  }

  position(): Position {
    return this.#at;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  close(): undefined {
    this.#at = Number.POSITIVE_INFINITY;
  }
}

class IteratorStage<T> extends Stage<T> {
  readonly #elements: Iterable<T>;
  readonly #once: ((iterator: unknown) => void) | undefined;
  #iterator: Iterator<T> | undefined;
  #open = false;
  #count = 0;
  /** Number of elements that an earlier run received. */
  readonly #received: number;

  constructor(elements: Iterable<T>, received: number, once: ((iterator: unknown) => void) | undefined) {
    super();
    this.#elements = elements;
    this.#received = received;
    this.#once = once;
  }

  next(): Step<T> {
    const iterator = this.#iterator ?? this.#begin();
    if (!this.#open) return END;
    this.#open = false; // `for await` does not close an iterator that throws or ends, so neither does this code.
    for (;;) {
      const { done, value } = iterator.next();
      if (done) {
        if (this.#count < this.#received) throw tooFewElements('the iterable');
        return END;
      }
      if (this.#count++ < this.#received) continue;
      this.#open = true;
      return value;
    }
  }

  position(): Position {
    return Math.max(this.#count, this.#received);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  close(): undefined {
    if (!this.#open) return;
    this.#open = false;
    this.#iterator?.return?.();
  }

  #begin(): Iterator<T> {
    const iterator = this.#elements[Symbol.iterator]();
    this.#once?.(iterator);
    this.#iterator = iterator;
    this.#open = true;
    return iterator;
  }
}

class AsyncIteratorStage<T> extends Stage<T> {
  readonly #elements: AsyncIterable<T>;
  readonly #once: ((iterator: unknown) => void) | undefined;
  #iterator: AsyncIterator<T> | undefined;
  #pending: Promise<void> | undefined;
  #answer: IteratorResult<T> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Whether the iterator has ended and need not be closed. */
  #ended = false;
  #count = 0;
  /** Number of elements that an earlier run received. */
  readonly #received: number;

  constructor(elements: AsyncIterable<T>, received: number, once: ((iterator: unknown) => void) | undefined) {
    super();
    this.#elements = elements;
    this.#received = received;
    this.#once = once;
  }

  next(): Step<T> {
    const answer = this.#answer;
    if (answer !== undefined) {
      this.#answer = undefined;
      if (this.#count++ >= this.#received) return answer.value;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ended) return END;
    this.#pending ??= this.#request();
    return LATER;
  }

  position(): Position {
    return Math.max(this.#count, this.#received);
  }

  ready(): Promise<void> {
    return this.#pending ?? Promise.resolve();
  }

  close(): Promise<void> | undefined {
    if (this.#ended) return undefined;
    this.#ended = true;
    const closing = this.#iterator?.return?.();
    if (closing === undefined) return undefined;
    if (this.#pending === undefined) return Promise.resolve(closing).then(() => {});
    // A request is pending. A generator ends only after it has served the request, which may never
    // happen.
    Promise.resolve(closing).catch(() => {});
    return undefined;
  }

  #request(): Promise<void> {
    this.#ended = true; // Set this first, because the next lines may throw.
    this.#iterator ??= this.#begin();
    const request = Promise.resolve(this.#iterator.next());
    this.#ended = false;
    return request.then(this.#take, this.#fail);
  }

  #begin(): AsyncIterator<T> {
    const iterator = this.#elements[Symbol.asyncIterator]();
    this.#once?.(iterator);
    return iterator;
  }

  readonly #take = (answer: IteratorResult<T>): void => {
    this.#pending = undefined;
    if (!answer.done) this.#answer = answer;
    else if (this.#count < this.#received) this.#fail(tooFewElements('the iterable'));
    else this.#ended = true;
  };

  readonly #fail = (error: unknown): void => {
    this.#pending = undefined;
    this.#ended = true;
    this.#failure = { error };
  };
}

/** A stage that calls a function to get its elements. The function may return a promise. */
class LateStage<T> extends Stage<T> {
  readonly #make: () => Elements<T> | Promise<Elements<T>>;
  /** Number of elements that an earlier run received. */
  readonly #received: number;
  #stage: Stage<T> | undefined;
  #making: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(make: () => Elements<T> | Promise<Elements<T>>, received: number) {
    super();
    this.#make = make;
    this.#received = received;
  }

  next(): Step<T> {
    if (this.#stage !== undefined) return this.#stage.next();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#making !== undefined) return LATER;
    const made = this.#make();
    if (isPromiseLike(made)) {
      this.#making = Promise.resolve(made).then(
        (elements) => this.#take(elements),
        (error: unknown) => {
          this.#failure = { error };
        },
      );
      return LATER;
    }
    this.#stage = fromFunction(made, this.#received);
    return this.#stage.next();
  }

  position(): Position {
    return this.#stage?.position() ?? this.#received;
  }

  ready(): Promise<void> {
    return this.#stage?.ready() ?? this.#making ?? Promise.resolve();
  }

  close(): Promise<void> | undefined {
    return this.#stage?.close();
  }

  #take(elements: Elements<T>): void {
    try {
      this.#stage = fromFunction(elements, this.#received);
    } catch (error) {
      this.#failure = { error };
    }
  }
}

function fromFunction<T>(elements: Elements<T>, received: number): Stage<T> {
  if (Array.isArray(elements)) return new ArrayStage<T>(elements, received);
  if (
    typeof elements === 'object' &&
    elements !== null &&
    (Symbol.asyncIterator in elements || Symbol.iterator in elements)
  )
    return elementStage(elements, received);
  throw new UsageError(
    `expected the function to return an iterable or async iterable, got ${elements === null ? 'null' : typeof elements}`,
  );
}
