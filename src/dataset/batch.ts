import { Collecting } from './collecting.ts';
import { END, LATER, type Stage, type Step } from './stage.ts';

/** Gathers elements into arrays of `size`, of which the last may be shorter. */
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
