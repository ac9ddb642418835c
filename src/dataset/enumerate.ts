import { END, LATER, type Stage, type Step, Through } from './stage.ts';

/** Puts a number in front of each element. */
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
