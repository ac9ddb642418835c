import { checkCount } from './arguments.ts';
import { Collecting } from './collecting.ts';
import { elementBytes } from './element-bytes.ts';
import type { ShuffleOptions } from './operator-options.ts';
import { Xoshiro128 } from './random.ts';
import { END, LATER, type Open, type Openable, type Stage, type Step } from './stage.ts';

/** How far a shuffle buffer may fill. */
export interface ShuffleLimits {
  readonly elements: number;
  readonly bytes: number;
  readonly sizeOf: (element: unknown) => number;
}

/** Fills a buffer, then hands out one of its elements at random and fills the place with the next. */
export class ShuffleStage<T> extends Collecting<T, T> {
  readonly #limits: ShuffleLimits;
  readonly #random: Xoshiro128;
  readonly #buffer: T[] = [];
  readonly #sizes: number[] = [];
  #bytes = 0;

  constructor(source: Stage<T>, limits: ShuffleLimits, random: Xoshiro128) {
    super(source);
    this.#limits = limits;
    this.#random = random;
  }

  next(): Step<T> {
    while (!this.#full) {
      const element = this.pull();
      if (element === LATER) return LATER;
      if (element === END) break;
      this.#put(element);
    }
    if (this.#buffer.length === 0) return this.finish();
    return this.#take();
  }

  get #full(): boolean {
    return this.ended || this.#buffer.length >= this.#limits.elements || this.#bytes >= this.#limits.bytes;
  }

  #put(element: T): void {
    this.#buffer.push(ownBytes(element));
    if (this.#limits.bytes === Number.POSITIVE_INFINITY) return;
    const size = this.#limits.sizeOf(element);
    this.#sizes.push(size);
    this.#bytes += size;
  }

  /** The last element moves to where the chosen one was. */
  #take(): T {
    const buffer = this.#buffer;
    const at = this.#random.below(buffer.length);
    const element = buffer[at];
    const last = buffer.pop()!;
    if (at < buffer.length) buffer[at] = last;
    if (this.#limits.bytes !== Number.POSITIVE_INFINITY) {
      this.#bytes -= this.#sizes[at];
      const lastSize = this.#sizes.pop()!;
      if (at < buffer.length) this.#sizes[at] = lastSize;
    }
    return element;
  }
}

/** Records are views of large chunks: kept in random order, each would keep a chunk of 1 MiB alive. */
function ownBytes<T>(element: T): T {
  if (!(element instanceof Uint8Array) || element.constructor !== Uint8Array) return element;
  if (element.buffer.byteLength <= 2 * element.byteLength) return element;
  return element.slice() as T & Uint8Array;
}

/** @throws UsageError for a buffer, seed or limit that is none */
export function openShuffle<T>(source: Openable<T>, buffer: number, options: ShuffleOptions): Open<T> {
  const { reshuffleEachIteration = true, maxBytes = Number.POSITIVE_INFINITY } = options;
  const { seed = Math.floor(Math.random() * 2 ** 53) } = options;
  checkCount('shuffle: buffer', buffer, 1, true);
  checkCount('shuffle: maxBytes', maxBytes, 1, true);
  checkCount('shuffle: seed', seed, Number.MIN_SAFE_INTEGER);
  const sizeOf = (options.sizeOf ?? elementBytes) as (element: unknown) => number;
  const limits = { elements: buffer, bytes: maxBytes, sizeOf };
  return (iteration) => {
    const random = new Xoshiro128(seed, reshuffleEachIteration ? iteration.index : 0);
    return new ShuffleStage(source.openStage(iteration), limits, random);
  };
}
