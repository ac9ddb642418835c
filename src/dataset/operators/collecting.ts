import { UsageError } from '../../errors.ts';
import { checkCount } from '../operator-options.ts';
import { END, LATER, type Open, type Openable, type Stage, type Step, Through } from '../stage.ts';

/**
 * A stage that buffers several elements of its source. If the source fails, the stage first yields
 * the buffered elements, as at the end of the source, and then throws.
 */
export abstract class Collecting<S, T> extends Through<S, T> {
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
      this.#failure = { error };
      this.ended = true;
      return END;
    }
  }

  /** Ends the stage after its last element. Returns END, or throws the error of the source. */
  protected finish(): typeof END {
    if (this.#failure !== undefined) throw this.#failure.error;
    return END;
  }
}

/** Collects elements into arrays of `size`. The last array can be shorter. */
export class BatchStage<T> extends Collecting<T, T[]> {
  readonly #size: number;
  readonly #dropRemainder: boolean;
  #batch: T[] = [];

  constructor(source: Stage<T>, size: number, dropRemainder: boolean) {
    super(source);
    this.#size = size;
    this.#dropRemainder = dropRemainder;
  }

  next(): Step<T[]> {
    const batch = this.#batch;
    while (batch.length < this.#size) {
      const element = this.pull();
      if (element === LATER) return LATER;
      if (element === END) {
        if (batch.length === 0 || this.#dropRemainder) return this.finish();
        break;
      }
      batch.push(element);
    }
    this.#batch = [];
    return batch;
  }
}

/** Yields the items of each element of its source. */
export class UnbatchStage<T> extends Through<Iterable<T>, T> {
  #items: Iterator<T> | undefined;
  #array: ArrayLike<T> | undefined;
  #at = 0;

  constructor(source: Stage<Iterable<T>>) {
    super(source);
  }

  next(): Step<T> {
    for (;;) {
      if (this.#array !== undefined) {
        if (this.#at < this.#array.length) return this.#array[this.#at++];
        this.#array = undefined;
      } else if (this.#items !== undefined) {
        const { done, value } = this.#items.next();
        if (!done) return value;
        this.#items = undefined;
      }
      const batch = this.source.next();
      if (batch === END || batch === LATER) return batch;
      this.#take(batch);
    }
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
      this.#at = 0;
    } else if (typeof batch === 'object' && batch !== null && Symbol.iterator in batch) {
      this.#items = batch[Symbol.iterator]();
    } else {
      throw new UsageError(
        `unbatch: expected arrays or other iterables as elements, got ${batch === null ? 'null' : typeof batch}`,
      );
    }
  }
}

/** Options of `window`: the positions of windows, as in tf.data's `window`. */
export interface WindowOptions {
  /** Distance between the first elements of two consecutive windows. Default: `size`. */
  readonly shift?: number | undefined;
  /** Distance between consecutive elements of a window. Default: 1. */
  readonly stride?: number | undefined;
  /** Whether to drop incomplete windows at the end. Default: false. */
  readonly dropRemainder?: boolean | undefined;
}

/** Yields windows of elements, which can overlap. */
export class WindowStage<T> extends Collecting<T, T[]> {
  readonly #reach: number;
  readonly #shift: number;
  readonly #stride: number;
  readonly #dropRemainder: boolean;
  readonly #buffer: T[] = [];
  /** Number of elements to drop before the next window. */
  #between = 0;

  constructor(source: Stage<T>, size: number, shift: number, stride: number, dropRemainder: boolean) {
    super(source);
    this.#reach = (size - 1) * stride + 1;
    this.#shift = shift;
    this.#stride = stride;
    this.#dropRemainder = dropRemainder;
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
    const window = buffer.filter((_, i) => i % this.#stride === 0);
    this.#between = Math.max(0, this.#shift - buffer.length);
    buffer.splice(0, this.#shift);
    return window;
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
  return (iteration) => new WindowStage(source.openStage(iteration), size, shift, stride, dropRemainder);
}
