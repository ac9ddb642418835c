import { MarkedSource } from '../marked-source.ts';
import { Places } from '../places.ts';
import type { Position } from '../position.ts';
import { END, LATER, type Open, type Openable, type Step } from '../stage.ts';
import { Collecting } from './collecting.ts';

/**
 * Initial and maximum limits of `prefetch(-1)`. The limit doubles if the buffer was full and the
 * consumer then still had to wait.
 */
const FIRST_AUTO_LIMIT = 1;
const MAX_AUTO_LIMIT = 64;
/** Maximum time in milliseconds to fill the buffer before yielding to the event loop. */
const FILL_MS = 2;

/** Opens a prefetch of a source. @param limit number of elements; -1 adapts to the consumer */
export function openPrefetch<T>(source: Openable<T>, limit: number): Open<T> {
  const reach = limit === -1 ? MAX_AUTO_LIMIT : limit;
  return (iteration, from) =>
    new PrefetchStage(MarkedSource.open('prefetch', source, iteration, from, reach, true), limit);
}

/** Opens a prefetch of a source that holds up to this number of bytes, or one larger element. */
export function openPrefetchToMemory<T>(
  source: Openable<T>,
  bytes: number,
  sizeOf: (element: unknown) => number,
): Open<T> {
  return (iteration, from) => {
    const elements = MarkedSource.open('prefetchToMemory', source, iteration, from, 0, true);
    return new PrefetchStage(elements, Number.POSITIVE_INFINITY, { bytes, sizeOf });
  };
}

/** A limit of the size of the elements. */
interface ByteLimit {
  readonly bytes: number;
  readonly sizeOf: (element: unknown) => number;
}

/**
 * A stage that keeps up to `limit` elements of its source ready by reading the source while the
 * consumer is busy. A consumer that never waits receives the elements directly.
 */
class PrefetchStage<T> extends Collecting<T, T, MarkedSource<T>> {
  readonly #auto: boolean;
  readonly #queue = new Queue<T>();
  readonly #byteLimit: ByteLimit | undefined;
  /** Sizes of the elements in the queue, if they are limited. */
  readonly #sizes = new Queue<number>();
  #bytes = 0;
  /** Locations of the elements in the queue, after those of delivered elements, if they are kept. */
  #places: Places | undefined;
  #limit: number;
  #wasFull = false;
  #sourceWaits = false;
  #scheduled: NodeJS.Immediate | undefined;
  #wake: (() => void) | undefined;

  /** @param limit number of elements; -1 adapts to the consumer */
  constructor(source: MarkedSource<T>, limit: number, byteLimit?: ByteLimit) {
    super(source);
    this.#byteLimit = byteLimit;
    this.#auto = limit === -1;
    this.#limit = this.#auto ? FIRST_AUTO_LIMIT : limit;
  }

  next(): Step<T> {
    if (this.#queue.length > 0) {
      const element = this.#queue.shift();
      if (this.#byteLimit !== undefined) this.#bytes -= this.#sizes.shift();
      this.source.delivers(this.#queue.length);
      this.#schedule();
      return element;
    }
    if (this.ended) return this.finish();
    if (this.#sourceWaits) return LATER;
    if (this.#auto && this.#wasFull) this.#grow();
    const element = this.pull();
    if (element === END) return this.finish();
    if (element === LATER) this.#waitForSource();
    else {
      this.#locateNext();
      this.source.delivers(0);
      this.#schedule();
    }
    return element;
  }

  override ready(): Promise<void> {
    if (this.#queue.length > 0 || this.ended || !this.#sourceWaits) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  position(): Position {
    return this.source.before(this.#queue.length);
  }

  override locate(places: Places): void {
    if (this.#places === undefined) places.addUnknown();
    else places.copy(this.#places, this.#places.length - this.#queue.length - 1);
  }

  override keepPlaces(): void {
    this.#places ??= new Places();
    this.source.keepPlaces();
  }

  override close(): Promise<void> | undefined {
    clearImmediate(this.#scheduled);
    this.ended = true;
    this.#queue.clear();
    this.#sizes.clear();
    return super.close();
  }

  #locateNext(): void {
    const places = this.#places;
    if (places === undefined) return;
    this.source.locate(places);
    const delivered = places.length - this.#queue.length;
    if (delivered >= COMPACT_AT && 2 * delivered > places.length) places.drop(delivered - 2);
  }

  #schedule(): void {
    if (this.#scheduled === undefined && !this.#sourceWaits && !this.ended)
      this.#scheduled = setImmediate(this.#fill);
  }

  readonly #fill = (): void => {
    this.#scheduled = undefined;
    const end = performance.now() + FILL_MS;
    while (!this.ended && !this.#full && performance.now() < end) {
      if (this.#byteLimit !== undefined) this.source.reach = this.#queue.length + 1;
      const element = this.pull();
      if (element === END) return;
      if (element === LATER) {
        this.#waitForSource();
        return;
      }
      this.#locateNext();
      this.#queue.push(element);
      if (this.#byteLimit !== undefined) this.#measure(element, this.#byteLimit);
    }
    if (this.#full) this.#wasFull = true;
    else this.#schedule();
  };

  get #full(): boolean {
    return (
      this.#queue.length >= this.#limit ||
      (this.#byteLimit !== undefined && this.#bytes >= this.#byteLimit.bytes)
    );
  }

  #measure(element: T, { sizeOf }: ByteLimit): void {
    let size = 0;
    try {
      size = sizeOf(element);
    } catch (error) {
      this.fail(error);
    }
    this.#sizes.push(size);
    this.#bytes += size;
  }

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
    this.#limit = Math.min(2 * this.#limit, MAX_AUTO_LIMIT);
    this.#wasFull = false;
  }
}

const COMPACT_AT = 1024;

/** A first-in, first-out queue with constant-time operations. */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Returns the first item. The queue must not be empty. */
  first(): T {
    return this.#items[this.#head] as T;
  }

  /** Removes and returns the first item. The queue must not be empty. */
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
