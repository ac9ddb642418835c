import { ArrayStage } from '../iterables.ts';
import { type Position, splitPosition } from '../position.ts';
import { END, LATER, type Open, type Openable, type Stage, type Step, Through } from '../stage.ts';

/**
 * Returns a function that opens the source until one iteration has read all of it. Later iterations
 * read the elements from memory.
 *
 * Positions are `[index, received, source]`. `index` is that of the iteration whose elements are
 * cached, because a source may be shuffled. Either `received` elements were read from memory, or
 * the iteration was at `source`.
 */
export function openCache<T>(source: Openable<T>): Open<T> {
  let complete: { readonly elements: readonly T[]; readonly index: number } | undefined;
  /** Index of the cached iteration in the process whose state was resumed. */
  let resumed: number | undefined;
  return (iteration, from = null) => {
    const start = [resumed ?? complete?.index ?? iteration.index, 0] as const;
    const { counts, source: position } = splitPosition('cache', from, start);
    const [index, received] = counts;
    if (from !== null) resumed = index;
    if (complete?.index === index && position === null)
      return new CachedStage(complete.elements, index, received);
    const keep = (elements: readonly T[]): void => {
      complete = { elements, index };
    };
    const stage = source.openStage(iteration.at(index), position);
    return new CachingStage(stage, index, received, position === null ? keep : undefined);
  };
}

/** Yields the elements of the source, and keeps them in memory if they are all elements. */
class CachingStage<T> extends Through<T, T> {
  readonly #index: number;
  readonly #keep: ((elements: readonly T[]) => void) | undefined;
  /** Number of elements that were received in an earlier run and must be read again. */
  #received: number;
  #elements: T[] = [];

  constructor(
    source: Stage<T>,
    index: number,
    received: number,
    keep: ((elements: readonly T[]) => void) | undefined,
  ) {
    super(source);
    this.#index = index;
    this.#received = received;
    this.#keep = keep;
  }

  next(): Step<T> {
    for (;;) {
      const element = this.source.next();
      if (element === LATER) return LATER;
      if (element === END) {
        this.#keep?.(this.#elements);
        return END;
      }
      if (this.#keep !== undefined) this.#elements.push(element);
      if (this.#received === 0) return element;
      this.#received--;
    }
  }

  position(): Position {
    const { source } = this;
    return [this.#index, this.#received, this.#received > 0 ? null : source.position()];
  }

  override close(): Promise<void> | undefined {
    this.#elements = [];
    return super.close();
  }
}

/** Yields cached elements. */
class CachedStage<T> extends ArrayStage<T> {
  readonly #index: number;

  constructor(elements: readonly T[], index: number, received: number) {
    super(elements, received);
    this.#index = index;
  }

  override position(): Position {
    return [this.#index, super.position() as number, null];
  }
}
