import { UsageError } from '../../errors.ts';
import { END, LATER, Stage, type Step, Through } from '../stage.ts';

/** Yields the first `count` elements and requests no others. */
export class TakeStage<T> extends Through<T, T> {
  #remaining: number;

  constructor(source: Stage<T>, count: number) {
    super(source);
    this.#remaining = count;
  }

  next(): Step<T> {
    if (this.#remaining <= 0) return END;
    const element = this.source.next();
    if (element !== LATER) this.#remaining--;
    return element;
  }

  override pass(count: number): number {
    const passed = this.source.pass(Math.min(count, this.#remaining));
    this.#remaining -= passed;
    return passed;
  }
}

/** Yields all elements after the first `count`. */
export class SkipStage<T> extends Through<T, T> {
  #remaining: number;

  constructor(source: Stage<T>, count: number) {
    super(source);
    this.#remaining = count;
  }

  next(): Step<T> {
    while (this.#remaining > 0) {
      this.#remaining -= this.source.pass(this.#remaining);
      if (this.#remaining === 0) break;
      const element = this.source.next();
      if (element === LATER || element === END) return element;
      this.#remaining--;
    }
    return this.source.next();
  }

  override pass(count: number): number {
    return this.#remaining === 0 ? this.source.pass(count) : 0;
  }
}

/** Yields every `shards`-th element, starting at `index`. */
export class ShardStage<T> extends Through<T, T> {
  readonly #shards: number;
  /** Number of elements to skip before the next one. */
  #before: number;

  constructor(source: Stage<T>, shards: number, index: number) {
    super(source);
    this.#shards = shards;
    this.#before = index;
  }

  next(): Step<T> {
    for (;;) {
      if (this.#before > 0) this.#before -= this.source.pass(this.#before);
      const element = this.source.next();
      if (element === LATER || element === END) return element;
      if (this.#before === 0) {
        this.#before = this.#shards - 1;
        return element;
      }
      this.#before--;
    }
  }
}

/** Pairs each element with its index. */
export class EnumerateStage<T> extends Through<T, [number, T]> {
  #number: number;

  constructor(source: Stage<T>, start: number) {
    super(source);
    this.#number = start;
  }

  next(): Step<[number, T]> {
    const element = this.source.next();
    if (element === LATER) return LATER;
    if (element === END) return END;
    return [this.#number++, element];
  }

  override pass(count: number): number {
    const passed = this.source.pass(count);
    this.#number += passed;
    return passed;
  }
}

/**
 * Opens the integers of a range: `(stop)`, `(start, stop)` or `(start, stop, step)`.
 * @throws UsageError unless all arguments are integers and `step` is not 0
 */
export function rangeOf(...bounds: readonly number[]): () => Stage<number> {
  const [start, stop, step] =
    bounds.length === 1 ? [0, bounds[0], 1] : [bounds[0], bounds[1], bounds[2] ?? 1];
  for (const bound of [start, step]) {
    if (!Number.isSafeInteger(bound)) throw new UsageError(`range: expected integers, got ${String(bound)}`);
  }
  if (!Number.isSafeInteger(stop) && Math.abs(stop) !== Number.POSITIVE_INFINITY)
    throw new UsageError(`range: expected an integer or Infinity as the end, got ${String(stop)}`);
  if (step === 0) throw new UsageError('range: expected a step that is not 0');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return () => new RangeStage(start, step, count);
}

class RangeStage extends Stage<number> {
  readonly #start: number;
  readonly #step: number;
  readonly #count: number;
  #at = 0;

  constructor(start: number, step: number, count: number) {
    super();
    this.#start = start;
    this.#step = step;
    this.#count = count;
  }

  next(): Step<number> {
    return this.#at < this.#count ? this.#start + this.#step * this.#at++ : END;
  }

  override pass(count: number): number {
    const passed = Math.min(count, this.#count - this.#at);
    this.#at += passed;
    return passed;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  close(): undefined {}
}
