import { UsageError } from '../../errors.ts';
import { checkCount } from '../operator-options.ts';
import { isCount, malformedPosition, type Position, splitPosition } from '../position.ts';
import { END, LATER, type Open, type Openable, Selecting, Stage, type Step, Through } from '../stage.ts';

/** Opens the first `count` elements of a source. */
export function openTake<T>(source: Openable<T>, count: number): Open<T> {
  return (iteration, from = null) => {
    const { counts, source: position } = splitPosition('take', from, [0]);
    return new TakeStage(source.openStage(iteration, position), count, counts[0]);
  };
}

/** Yields the first `count` elements and requests no others. */
class TakeStage<T> extends Selecting<T> {
  readonly #count: number;
  #taken: number;

  constructor(source: Stage<T>, count: number, taken: number) {
    super(source);
    this.#count = count;
    this.#taken = taken;
  }

  next(): Step<T> {
    if (this.#taken >= this.#count) return END;
    const element = this.source.next();
    if (element !== LATER && element !== END) this.#taken++;
    return element;
  }

  override pass(count: number): number {
    const passed = this.source.pass(Math.min(count, this.#count - this.#taken));
    this.#taken += passed;
    return passed;
  }

  position(): Position {
    return [this.#taken, this.source.position()];
  }
}

/** Opens all elements of a source after the first `count`. */
export function openSkip<T>(source: Openable<T>, count: number): Open<T> {
  return (iteration, from = null) => {
    const { counts, source: position } = splitPosition('skip', from, [count]);
    return new SkipStage(source.openStage(iteration, position), counts[0]);
  };
}

/** Yields all elements after the first `count`. */
class SkipStage<T> extends Selecting<T> {
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

  position(): Position {
    return [this.#remaining, this.source.position()];
  }
}

/**
 * Opens every `shards`-th element of a source, starting at `index`.
 * @throws UsageError unless `0 <= index < shards`
 */
export function openShard<T>(source: Openable<T>, shards: number, index: number): Open<T> {
  checkCount('shard: shards', shards, 1);
  checkCount('shard: index', index, 0);
  if (index >= shards) throw new UsageError(`shard: expected an index less than ${shards}, got ${index}`);
  return (iteration, from = null) => {
    const { counts, source: position } = splitPosition('shard', from, [index]);
    return new ShardStage(source.openStage(iteration, position), shards, counts[0]);
  };
}

/** Yields every `shards`-th element. */
class ShardStage<T> extends Selecting<T> {
  readonly #shards: number;
  /** Number of elements to skip before the next one. */
  #before: number;

  constructor(source: Stage<T>, shards: number, before: number) {
    super(source);
    this.#shards = shards;
    this.#before = before;
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

  position(): Position {
    return [this.#before, this.source.position()];
  }
}

/** Opens the pairs of each index and element of a source. */
export function openEnumerate<T>(source: Openable<T>, start: number): Open<[number, T]> {
  return (iteration, from = null) => {
    const { counts, source: position } = splitPosition('enumerate', from, [0]);
    return new EnumerateStage(source.openStage(iteration, position), start, counts[0]);
  };
}

/** Pairs each element with its index. */
class EnumerateStage<T> extends Through<T, [number, T]> {
  readonly #start: number;
  #count: number;

  constructor(source: Stage<T>, start: number, count: number) {
    super(source);
    this.#start = start;
    this.#count = count;
  }

  next(): Step<[number, T]> {
    const element = this.source.next();
    if (element === LATER) return LATER;
    if (element === END) return END;
    return [this.#start + this.#count++, element];
  }

  override pass(count: number): number {
    const passed = this.source.pass(count);
    this.#count += passed;
    return passed;
  }

  position(): Position {
    return [this.#count, this.source.position()];
  }
}

/**
 * Opens the integers of a range: `(stop)`, `(start, stop)` or `(start, stop, step)`.
 * @throws UsageError unless all arguments are integers and `step` is not 0
 */
export function rangeOf(...bounds: readonly number[]): Open<number> {
  const [start, stop, step] =
    bounds.length === 1 ? [0, bounds[0], 1] : [bounds[0], bounds[1], bounds[2] ?? 1];
  for (const bound of [start, step]) {
    if (!Number.isSafeInteger(bound)) throw new UsageError(`range: expected integers, got ${String(bound)}`);
  }
  if (!Number.isSafeInteger(stop) && Math.abs(stop) !== Number.POSITIVE_INFINITY)
    throw new UsageError(`range: expected an integer or Infinity as the end, got ${String(stop)}`);
  if (step === 0) throw new UsageError('range: expected a step that is not 0');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return (_iteration, from = null) => new RangeStage(start, step, count, from);
}

class RangeStage extends Stage<number> {
  readonly #start: number;
  readonly #step: number;
  readonly #count: number;
  #at: number;

  constructor(start: number, step: number, count: number, from: Position) {
    super();
    this.#start = start;
    this.#step = step;
    this.#count = count;
    const at = from ?? 0;
    if (!isCount(at)) throw malformedPosition('range');
    this.#at = at;
  }

  next(): Step<number> {
    return this.#at < this.#count ? this.#start + this.#step * this.#at++ : END;
  }

  override pass(count: number): number {
    const passed = Math.min(count, this.#count - this.#at);
    this.#at += passed;
    return passed;
  }

  position(): Position {
    return this.#at;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  close(): undefined {}
}
