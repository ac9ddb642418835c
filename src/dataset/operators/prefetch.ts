import { END, LATER, type Stage, type Step } from '../stage.ts';
import { Collecting } from './collecting.ts';

/** Where `prefetch(-1)` begins and what it grows to, doubling whenever somebody had to wait although it had been full. */
const AUTO_FIRST = 1;
const AUTO_MOST = 64;
/** For how long it may fill before others get a turn. */
const FILL_MS = 2;

/**
 * Keeps up to `limit` elements of its source ready: it goes on asking the source while whoever takes the elements waits for something else. Who asks
 * again and again without waiting gets the elements directly.
 */
export class PrefetchStage<T> extends Collecting<T, T> {
  readonly #auto: boolean;
  readonly #queue = new Queue<T>();
  #limit: number;
  #wasFull = false;
  #sourceWaits = false;
  #scheduled: NodeJS.Immediate | undefined;
  #wake: (() => void) | undefined;

  /** @param limit elements, -1: found out */
  constructor(source: Stage<T>, limit: number) {
    super(source);
    this.#auto = limit === -1;
    this.#limit = this.#auto ? AUTO_FIRST : limit;
  }

  next(): Step<T> {
    if (this.#queue.length > 0) {
      const element = this.#queue.shift();
      this.#schedule();
      return element;
    }
    if (this.ended) return this.finish();
    if (this.#sourceWaits) return LATER;
    if (this.#auto && this.#wasFull) this.#grow();
    const element = this.pull();
    if (element === END) return this.finish();
    if (element === LATER) this.#waitForSource();
    else this.#schedule();
    return element;
  }

  override ready(): Promise<void> {
    if (this.#queue.length > 0 || this.ended || !this.#sourceWaits) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  override close(): Promise<void> | undefined {
    clearImmediate(this.#scheduled);
    this.ended = true;
    this.#queue.clear();
    return super.close();
  }

  #schedule(): void {
    if (this.#scheduled === undefined && !this.#sourceWaits && !this.ended)
      this.#scheduled = setImmediate(this.#fill);
  }

  readonly #fill = (): void => {
    this.#scheduled = undefined;
    const end = performance.now() + FILL_MS;
    while (this.#queue.length < this.#limit && performance.now() < end) {
      const element = this.pull();
      if (element === END) return;
      if (element === LATER) {
        this.#waitForSource();
        return;
      }
      this.#queue.push(element);
    }
    if (this.#queue.length < this.#limit) this.#schedule();
    else this.#wasFull = true;
  };

  #waitForSource(): void {
    this.#sourceWaits = true;
    this.source.ready().then(() => {
      this.#sourceWaits = false;
      if (this.ended) return;
      this.#fill();
      if (this.#sourceWaits && this.#queue.length === 0) return;
      const wake = this.#wake;
      this.#wake = undefined;
      wake?.();
    });
  }

  #grow(): void {
    this.#limit = Math.min(2 * this.#limit, AUTO_MOST);
    this.#wasFull = false;
  }
}

const COMPACT_AT = 1024;

/** First in, first out; both ends in constant time. */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The first item; there must be one. */
  first(): T {
    return this.#items[this.#head] as T;
  }

  /** Takes the first item; there must be one. */
  shift(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= COMPACT_AT && 2 * this.#head > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }
}
