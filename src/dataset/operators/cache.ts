import { ArrayStage } from '../iterables.ts';
import { END, LATER, type Open, type Stage, type Step, Through } from '../stage.ts';

/**
 * Opens the source until one iteration has read it to its end. Later iterations read the elements
 * from memory.
 */
export function cached<T>(open: Open<T>): Open<T> {
  let complete: readonly T[] | undefined;
  return (iteration) => {
    if (complete !== undefined) return new ArrayStage(complete);
    return new CachingStage(open(iteration), (elements) => {
      complete ??= elements;
    });
  };
}

class CachingStage<T> extends Through<T, T> {
  readonly #keep: (elements: readonly T[]) => void;
  #elements: T[] = [];

  constructor(source: Stage<T>, keep: (elements: readonly T[]) => void) {
    super(source);
    this.#keep = keep;
  }

  next(): Step<T> {
    const element = this.source.next();
    if (element === END) this.#keep(this.#elements);
    else if (element !== LATER) this.#elements.push(element);
    return element;
  }

  override close(): Promise<void> | undefined {
    this.#elements = [];
    return super.close();
  }
}
