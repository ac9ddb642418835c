import { MarkedSource } from '../marked-source.ts';
import { checkFunction } from '../operator-options.ts';
import { type Position, splitPosition } from '../position.ts';
import {
  END,
  type Iteration,
  LATER,
  type Open,
  type Openable,
  Selecting,
  type Stage,
  type Step,
  Through,
  type Wait,
} from '../stage.ts';
import { Queue } from './prefetch.ts';

/** Reports whether a user's function returned a promise. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

interface PendingTest<T> {
  readonly element: T;
  answer?: boolean;
  failure?: { readonly error: unknown };
}

/** Opens the elements for which a function returns true. @throws UsageError unless it is a function */
export function openFilter<T>(
  source: Openable<T>,
  test: (element: T) => boolean | PromiseLike<boolean>,
): Open<T> {
  checkFunction('filter', test);
  return (iteration, from) => new FilterStage(source.openStage(iteration, from), test, iteration);
}

/** A stage that yields the elements for which a function returns true. */
export class FilterStage<T> extends Selecting<T> {
  readonly #test: (element: T) => boolean | PromiseLike<boolean>;
  readonly #iteration: Iteration;
  /** The element whose test is pending, and the result of the test once it is known. */
  #pending: PendingTest<T> | undefined;
  /** The pending wait for anything other than the source. */
  #waiting: Promise<void> | undefined;

  constructor(source: Stage<T>, test: (element: T) => boolean | PromiseLike<boolean>, iteration: Iteration) {
    super(source);
    this.#test = test;
    this.#iteration = iteration;
  }

  next(): Step<T> {
    const pending = this.#pending;
    if (pending !== undefined) {
      if (this.#waiting !== undefined) return LATER;
      this.#pending = undefined;
      if (pending.failure !== undefined) throw pending.failure.error;
      if (pending.answer) return pending.element;
    }
    for (;;) {
      const element = this.source.next();
      if (element === LATER || element === END) return element;
      const answer = this.#test(element);
      if (isPromiseLike(answer)) {
        this.#awaitTest(element, answer);
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

  override waitsFor(): Wait {
    return this.#pending === undefined ? this.source.waitsFor() : 'map';
  }

  position(): Position {
    return this.source.position();
  }

  #awaitTest(element: T, answer: PromiseLike<boolean>): void {
    const pending: PendingTest<T> = { element };
    this.#pending = pending;
    this.#wait(
      Promise.resolve(answer).then(
        (yes) => {
          pending.answer = yes;
        },
        (error: unknown) => {
          pending.failure = { error };
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

/** Return value of a function passed to `map`. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** A call to the function and its outcome. */
type Call<T> = { state: 'running' } | { state: 'done'; value: T } | { state: 'failed'; error: unknown };

/**
 * Opens a map of a source. Its positions are those of a `MarkedSource`, which it needs only if
 * calls can run ahead of the consumer.
 */
export function openMap<S, T>(
  operator: string,
  source: Openable<S>,
  map: (element: S) => MaybePromise<T>,
  parallel: number,
): Open<T> {
  return (iteration, from = null) =>
    new MapStage(mapSource(operator, source, iteration, from, parallel), map, parallel);
}

/** Opens the source of a map at the map's position. */
function mapSource<S>(
  operator: string,
  source: Openable<S>,
  iteration: Iteration,
  from: Position,
  parallel: number,
): Stage<S> {
  const { counts, source: position } = splitPosition(operator, from, [0]);
  if (parallel === 1 && counts[0] === 0) return source.openStage(iteration, position);
  return MarkedSource.open(operator, source, iteration, from, parallel, true);
}

/** A stage that waits for calls to a function, or for its source. */
export abstract class CallingStage<S, T, Source extends Stage<S> = Stage<S>> extends Through<S, T, Source> {
  protected sourceWaits = false;
  #wake: (() => void) | undefined;

  /** Whether `next` would return LATER. */
  protected abstract get waits(): boolean;

  override ready(): Promise<void> {
    return new Promise((resolve) => {
      if (this.waits) this.#wake = resolve;
      else resolve();
    });
  }

  protected waitForSource(): void {
    this.sourceWaits = true;
    this.source.ready().then(() => {
      this.sourceWaits = false;
      this.awake();
    });
  }

  protected awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/**
 * A stage that applies a function to each element and keeps the order. While the function returns
 * plain values, it is called once per requested element. Once it returns promises, up to `parallel`
 * calls run concurrently.
 */
class MapStage<S, T> extends CallingStage<S, T> {
  readonly #map: (element: S) => MaybePromise<T>;
  readonly #parallel: number;
  readonly #calls = new Queue<Call<T>>();
  /** Whether calls have been queued. If true, every result goes through the queue. */
  #ahead = false;
  /** The end of the source, set when it has ended or failed. */
  #end: { readonly error?: unknown } | undefined;

  constructor(source: Stage<S>, map: (element: S) => MaybePromise<T>, parallel: number) {
    super(source);
    this.#map = map;
    this.#parallel = parallel;
  }

  next(): Step<T> {
    if (this.#ahead) return this.#queued();
    const element = this.source.next();
    if (element === LATER) return LATER;
    if (element === END) return END;
    const result = this.#map(element);
    if (!isPromiseLike(result)) {
      this.#deliver();
      return result;
    }
    this.#ahead = true;
    this.#calls.push(this.#watch(result));
    return this.#queued();
  }

  #queued(): Step<T> {
    this.#fill();
    const calls = this.#calls;
    if (calls.length > 0) {
      const call = calls.first();
      if (call.state === 'running') return LATER;
      calls.shift();
      if (call.state === 'failed') throw call.error;
      this.#deliver();
      return call.value;
    }
    if (this.sourceWaits) return LATER;
    if (this.#end !== undefined && 'error' in this.#end) throw this.#end.error;
    return END;
  }

  override ready(): Promise<void> {
    return this.#ahead ? super.ready() : this.source.ready();
  }

  position(): Position {
    const { source } = this;
    return source instanceof MarkedSource ? source.before(this.#calls.length) : [0, source.position()];
  }

  override waitsFor(): Wait {
    return this.#calls.length > 0 ? 'map' : this.source.waitsFor();
  }

  protected get waits(): boolean {
    return this.#calls.length > 0 ? this.#calls.first().state === 'running' : this.sourceWaits;
  }

  #deliver(): void {
    const { source } = this;
    if (source instanceof MarkedSource) source.delivers(this.#calls.length);
  }

  /** Starts calls while there is room in the queue and the source has elements. */
  #fill(): void {
    while (this.#end === undefined && !this.sourceWaits && this.#calls.length < this.#parallel) {
      try {
        const element = this.source.next();
        if (element === END) this.#end = {};
        else if (element === LATER) this.waitForSource();
        else this.#call(element);
      } catch (error) {
        this.#end = { error };
      }
    }
  }

  #call(element: S): void {
    try {
      const result = this.#map(element);
      this.#calls.push(isPromiseLike(result) ? this.#watch(result) : { state: 'done', value: result });
    } catch (error) {
      this.#calls.push({ state: 'failed', error });
      this.#end = {};
    }
  }

  #watch(result: PromiseLike<T>): Call<T> {
    const call: { state: string; value?: T; error?: unknown } = { state: 'running' };
    result.then(
      (value) => {
        call.value = value;
        call.state = 'done';
        this.awake();
      },
      (error: unknown) => {
        call.error = error;
        call.state = 'failed';
        this.#end ??= {};
        this.awake();
      },
    );
    return call as Call<T>;
  }
}
