import { MarkedSource } from '../marked-source.ts';
import { isList, malformedPosition, type Position } from '../position.ts';
import { END, LATER, type Open, type Openable, type Step, type Wait } from '../stage.ts';
import { CallingStage, isPromiseLike, type MaybePromise } from './map.ts';
import { Queue } from './prefetch.ts';

/**
 * Number of elements that may overtake one whose call is slow, per parallel call, and the maximum
 * for any number of calls up to this. A state has a bit for each of them.
 */
const OVERTAKING = 8;
const MAX_OVERTAKING = 1024;

/** Opens a map whose results are in the order in which the calls end. */
export function openUnorderedMap<S, T>(
  operator: string,
  source: Openable<S>,
  map: (element: S) => MaybePromise<T>,
  parallel: number,
): Open<T> {
  const reach = Math.max(parallel, Math.min(OVERTAKING * parallel, MAX_OVERTAKING));
  return (iteration, from = null) => {
    if (from !== null && !isList(from, 2)) throw malformedPosition(operator);
    const [delivered, position] = from ?? ['', null];
    const numbers = deliveredNumbers(operator, delivered, reach);
    const elements = MarkedSource.open(operator, source, iteration, position, reach, true);
    return new UnorderedMapStage(elements, map, parallel, numbers);
  };
}

interface Result<T> {
  readonly number: number;
  readonly value: T;
}

/**
 * A stage that applies a function to each element and yields results as they become available. If a
 * call or the source fails, the results of the calls in progress are yielded before the error.
 *
 * Its positions are `[delivered, source]`: the source is opened before the oldest element that has
 * not been delivered; bit `i` of `delivered`, in hexadecimal digits of four bits, lowest first,
 * tells whether the element `i` after it has been delivered.
 */
class UnorderedMapStage<S, T> extends CallingStage<S, T, MarkedSource<S>> {
  readonly #map: (element: S) => MaybePromise<T>;
  readonly #parallel: number;
  readonly #results = new Queue<Result<T>>();
  /** Numbers of elements after the oldest one that have been delivered. */
  readonly #delivered: Set<number>;
  /** Number of the oldest element that has not been delivered. */
  #oldest = 0;
  #pulled = 0;
  #running = 0;
  /** The end of the source or of all calls, with the first failure. */
  #end: { readonly error?: unknown } | undefined;

  constructor(
    source: MarkedSource<S>,
    map: (element: S) => MaybePromise<T>,
    parallel: number,
    delivered: Set<number>,
  ) {
    super(source);
    this.#map = map;
    this.#parallel = parallel;
    this.#delivered = delivered;
  }

  next(): Step<T> {
    this.#fill();
    if (this.#results.length > 0) {
      const { number, value } = this.#results.shift();
      this.#deliver(number);
      return value;
    }
    if (this.waits) return LATER;
    if (this.#end !== undefined && 'error' in this.#end) throw this.#end.error;
    return END;
  }

  position(): Position {
    const base = Math.min(this.#oldest, this.source.received);
    const digits: number[] = [];
    for (const number of this.#delivered) {
      if (number >= this.source.received) continue;
      const bit = number - base;
      while (digits.length <= bit >> 2) digits.push(0);
      digits[bit >> 2] |= 1 << (bit & 3);
    }
    const delivered = digits.map((digit) => digit.toString(16)).join('');
    return [delivered, this.source.before(this.#pulled - base)];
  }

  override waitsFor(): Wait {
    return this.#running > 0 ? 'map' : this.source.waitsFor();
  }

  protected get waits(): boolean {
    return this.#results.length === 0 && (this.#running > 0 || (this.sourceWaits && this.#end === undefined));
  }

  /** Starts calls while there is room and the source has elements. */
  #fill(): void {
    while (
      this.#end === undefined &&
      !this.sourceWaits &&
      this.#running + this.#results.length < this.#parallel &&
      this.#pulled - this.#oldest < this.source.reach
    ) {
      try {
        const element = this.source.next();
        if (element === END) this.#end = {};
        else if (element === LATER) this.waitForSource();
        else this.#call(element, this.#pulled++);
      } catch (error) {
        this.#end = { error };
      }
    }
  }

  #call(element: S, number: number): void {
    if (this.#delivered.has(number)) return; // Before the state from which the iteration resumed.
    const result = this.#map(element);
    if (!isPromiseLike(result)) {
      this.#results.push({ number, value: result });
      return;
    }
    this.#running++;
    result.then(
      (value) => {
        this.#running--;
        this.#results.push({ number, value });
        this.awake();
      },
      (error: unknown) => {
        this.#running--;
        if (this.#end === undefined || !('error' in this.#end)) this.#end = { error };
        this.awake();
      },
    );
  }

  #deliver(number: number): void {
    this.source.delivers(this.#pulled - number - 1);
    this.#delivered.add(number);
    while (this.#delivered.delete(this.#oldest)) this.#oldest++;
  }
}

function deliveredNumbers(operator: string, delivered: Position, reach: number): Set<number> {
  if (typeof delivered !== 'string' || !/^[\da-f]*$/.test(delivered) || 4 * delivered.length > reach + 3)
    throw malformedPosition(operator);
  const numbers = new Set<number>();
  for (let i = 0; i < 4 * delivered.length; i++)
    if ((Number.parseInt(delivered[i >> 2], 16) >> (i & 3)) & 1) numbers.add(i);
  return numbers;
}
