import { END, LATER, type Stage, type Step, Through } from './stage.ts';

/** The first `count` elements. Nothing is asked of the source behind them. */
export class TakeStage<T> extends Through<T, T> {
  #left: number;

  constructor(source: Stage<T>, count: number) {
    super(source);
    this.#left = count;
  }

  next(): Step<T> {
    if (this.#left <= 0) return END;
    const element = this.source.next();
    if (element !== LATER) this.#left--;
    return element;
  }

  override pass(count: number): number {
    const passed = this.source.pass(Math.min(count, this.#left));
    this.#left -= passed;
    return passed;
  }
}

/** All but the first `count` elements. */
export class SkipStage<T> extends Through<T, T> {
  #left: number;

  constructor(source: Stage<T>, count: number) {
    super(source);
    this.#left = count;
  }

  next(): Step<T> {
    while (this.#left > 0) {
      this.#left -= this.source.pass(this.#left);
      if (this.#left === 0) break;
      const element = this.source.next();
      if (element === LATER || element === END) return element;
      this.#left--;
    }
    return this.source.next();
  }

  override pass(count: number): number {
    return this.#left === 0 ? this.source.pass(count) : 0;
  }
}

/** Every `shards`-th element, from number `index` on. */
export class ShardStage<T> extends Through<T, T> {
  readonly #shards: number;
  /** How many are to be passed over before the next one. */
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
