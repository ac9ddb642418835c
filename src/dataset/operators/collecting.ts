import { UsageError } from '../../errors.ts';
import { MarkedSource } from '../marked-source.ts';
import { checkCount, type WindowOptions } from '../operator-options.ts';
import { type Position, splitPosition } from '../position.ts';
import {
  END,
  type Iteration,
  LATER,
  type Open,
  type Openable,
  type Stage,
  type Step,
  Through,
} from '../stage.ts';

/**
 * A stage that buffers several elements of its source. If the source fails, the stage first yields
 * the buffered elements, as at the end of the source, and then throws.
 */
export abstract class Collecting<S, T, Source extends Stage<S> = Stage<S>> extends Through<S, T, Source> {
  protected ended = false;
  #failure: { readonly error: unknown } | undefined;

  /** Returns the next element of the source, or END if the source has ended or failed. */
  protected pull(): Step<S> {
    if (this.ended) return END;
    try {
      const element = this.source.next();
      if (element === END) this.ended = true;
      return element;
    } catch (error) {
      this.fail(error);
      return END;
    }
  }

  /** Ends the stage with an error after the buffered elements. */
  protected fail(error: unknown): void {
    this.#failure = { error };
    this.ended = true;
  }

  /** Whether the source has failed. */
  protected get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Ends the stage after its last element. Returns END, or throws the error of the source. */
  protected finish(): typeof END {
    if (this.#failure !== undefined) throw this.#failure.error;
    return END;
  }
}

/** Opens arrays of `size` elements of a source. */
export function openBatch<T>(source: Openable<T>, size: number, dropRemainder: boolean): Open<T[]> {
  return (iteration, from) =>
    new BatchStage(source.openStage(iteration, from), size, dropRemainder, iteration);
}

/** Collects elements into arrays of `size`. The last array can be shorter. */
class BatchStage<T> extends Collecting<T, T[]> {
  readonly #size: number;
  readonly #dropRemainder: boolean;
  readonly #iteration: Iteration;
  #batch: T[] = [];

  constructor(source: Stage<T>, size: number, dropRemainder: boolean, iteration: Iteration) {
    super(source);
    this.#size = size;
    this.#dropRemainder = dropRemainder;
    this.#iteration = iteration;
  }

  next(): Step<T[]> {
    const batch = this.#batch;
    while (batch.length < this.#size) {
      const element = this.pull();
      if (element === LATER) return LATER;
      if (element === END) {
        if (batch.length === 0 || this.#dropRemainder) return this.finish();
        if (this.hasFailed) this.#iteration.hasFailed = true;
        break;
      }
      batch.push(element);
    }
    this.#batch = [];
    return batch;
  }

  position(): Position {
    return this.source.position();
  }
}

/**
 * Opens the items of the elements of a source. Its positions are `[received, source]`, where
 * `received` items of the next element of the source have been received.
 */
export function openUnbatch<T>(source: Openable<Iterable<T>>): Open<T> {
  return (iteration, from = null) => {
    const { counts, source: position } = splitPosition('unbatch', from, [0]);
    return new UnbatchStage(MarkedSource.open('unbatch', source, iteration, position, 1), counts[0]);
  };
}

/** Yields the items of each element of its source. */
class UnbatchStage<T> extends Through<Iterable<T>, T, MarkedSource<Iterable<T>>> {
  #items: Iterator<T> | undefined;
  #array: ArrayLike<T> | undefined;
  /** Number of items received of the current element. */
  #at = 0;
  /** Number of items of the first element that were received in an earlier run. */
  #received: number;

  constructor(source: MarkedSource<Iterable<T>>, received: number) {
    super(source);
    this.#received = received;
  }

  next(): Step<T> {
    for (;;) {
      if (this.#array !== undefined) {
        if (this.#at < this.#array.length) return this.#array[this.#at++];
        this.#array = undefined;
      } else if (this.#items !== undefined) {
        const { done, value } = this.#items.next();
        if (!done) {
          if (this.#at++ >= this.#received) return value;
          continue;
        }
        this.#items = undefined;
      }
      const batch = this.source.next();
      if (batch === END || batch === LATER) return batch;
      this.#take(batch);
    }
  }

  position(): Position {
    const inside = this.#array !== undefined || this.#items !== undefined;
    return inside ? [this.#at, this.source.before(1)] : [this.#received, this.source.before(0)];
  }

  override close(): Promise<void> | undefined {
    const items = this.#items;
    this.#items = undefined;
    try {
      items?.return?.();
    } finally {
      this.#array = undefined;
    }
    return super.close();
  }

  #take(batch: Iterable<T>): void {
    if (Array.isArray(batch) || (ArrayBuffer.isView(batch) && !(batch instanceof DataView))) {
      this.#array = batch as unknown as ArrayLike<T>;
      this.#at = this.#received;
      this.#received = 0;
    } else if (typeof batch === 'object' && batch !== null && Symbol.iterator in batch) {
      this.#items = batch[Symbol.iterator]();
      this.#at = 0;
    } else {
      throw new UsageError(
        `unbatch: expected arrays or other iterables as elements, got ${batch === null ? 'null' : typeof batch}`,
      );
    }
  }
}

interface WindowPlaces {
  readonly shift: number;
  readonly stride: number;
  readonly dropRemainder: boolean;
}

/** Yields windows of elements, which can overlap. Its positions are `[between, source]`. */
class WindowStage<T> extends Collecting<T, T[], MarkedSource<T>> {
  readonly #reach: number;
  readonly #shift: number;
  readonly #stride: number;
  readonly #dropRemainder: boolean;
  readonly #iteration: Iteration;
  readonly #buffer: T[] = [];
  /** Number of elements to drop before the next window. */
  #between: number;

  constructor(
    source: MarkedSource<T>,
    { shift, stride, dropRemainder }: WindowPlaces,
    between: number,
    iteration: Iteration,
  ) {
    super(source);
    this.#reach = source.reach;
    this.#shift = shift;
    this.#stride = stride;
    this.#dropRemainder = dropRemainder;
    this.#between = between;
    this.#iteration = iteration;
  }

  next(): Step<T[]> {
    const buffer = this.#buffer;
    while (this.#between > 0 || buffer.length < this.#reach) {
      const element = this.pull();
      if (element === LATER) return LATER;
      if (element === END) break;
      if (this.#between > 0) this.#between--;
      else buffer.push(element);
    }
    if (buffer.length === 0 || (this.#dropRemainder && buffer.length < this.#reach)) return this.finish();
    if (this.hasFailed && buffer.length < this.#reach) this.#iteration.hasFailed = true;
    const window = buffer.filter((_, i) => i % this.#stride === 0);
    this.#between = Math.max(0, this.#shift - buffer.length);
    buffer.splice(0, this.#shift);
    return window;
  }

  position(): Position {
    return [this.#between, this.source.before(this.#buffer.length)];
  }
}

/**
 * Opens windows over a source.
 * @throws UsageError unless size, shift and stride are integers >= 1
 */
export function openWindows<T>(source: Openable<T>, size: number, options: WindowOptions): Open<T[]> {
  const { shift = size, stride = 1, dropRemainder = false } = options;
  checkCount('window: size', size, 1);
  checkCount('window: shift', shift, 1);
  checkCount('window: stride', stride, 1);
  const reach = (size - 1) * stride + 1;
  return (iteration, from = null) => {
    const { counts, source: position } = splitPosition('window', from, [0]);
    const marked = MarkedSource.open('window', source, iteration, position, reach);
    return new WindowStage(marked, { shift, stride, dropRemainder }, counts[0], iteration);
  };
}
