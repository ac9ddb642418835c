import { UsageError } from '../errors.ts';
import { END, LATER, type Stage, type Step, Through } from './stage.ts';

/** Hands out what the elements of its source hold. */
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
