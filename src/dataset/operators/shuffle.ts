import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import type { Operator } from '../operator.ts';
import { checkCount, type ShuffleOptions } from '../operator-options.ts';
import type { Places } from '../places.ts';
import { type Position, splitPosition, tooFewElements } from '../position.ts';
import { END, type Iteration, LATER, type Open, type Openable, type Stage, type Step } from '../stage.ts';
import { Collecting } from './collecting.ts';
import { sizesBy } from './progress.ts';
import { Xoshiro128 } from './random.ts';
import { ShuffleBuffer } from './shuffle-buffer.ts';
import { BufferFill, ShuffleHistory, type ShufflePosition, splitShuffle } from './shuffle-history.ts';

/** Fills a buffer, then yields random elements from it and replaces each with the next element. */
class ShuffleStage<T> extends Collecting<T, T> {
  readonly #slots: number;
  readonly #random: Xoshiro128;
  readonly #iteration: Iteration;
  readonly #buffer = new ShuffleBuffer<T>(true);
  readonly #history: ShuffleHistory;
  /** How to rebuild the buffer of an earlier run; undefined once it is complete. */
  #fill: BufferFill | undefined;

  constructor(
    source: Stage<T>,
    slots: number,
    random: Xoshiro128,
    iteration: Iteration,
    from: ShufflePosition,
  ) {
    super(source);
    this.#slots = slots;
    this.#random = random;
    this.#iteration = iteration;
    this.#history = new ShuffleHistory(slots, random, from);
    this.#fill = new BufferFill(this.#history.replay(from), from.pulled);
  }

  next(): Step<T> {
    const buffer = this.#buffer;
    if (this.#fill !== undefined) {
      if (!this.#fill.fill(this.source, buffer)) return LATER;
      this.#fill = undefined;
    }
    while (buffer.length < this.#slots) {
      const element = this.pull();
      if (element === LATER) return LATER;
      if (element === END) break;
      buffer.push(element, this.source);
    }
    const { length } = buffer;
    if (length === 0) return this.finish();
    if (this.hasFailed) this.#iteration.hasFailed = true;
    const at = this.#random.below(length);
    this.#history.drew(at, length);
    if (this.#history.isDue && length === this.#slots) this.#history.snapshot(this.source.position());
    return buffer.take(at);
  }

  override locate(places: Places): void {
    this.#buffer.locate(places);
  }

  override keepPlaces(): void {
    this.#buffer.keepPlaces();
    this.source.keepPlaces();
  }

  position(): Position {
    return this.#history.position(this.#fill === undefined ? this.#buffer.length : this.#fill.length);
  }
}

/** A shuffle whose buffer has a limit in bytes. Its positions are numbers of elements. */
class LimitedShuffleStage<T> extends Collecting<T, T> {
  readonly #limits: ShuffleLimits;
  readonly #random: Xoshiro128;
  readonly #iteration: Iteration;
  readonly #buffer = new ShuffleBuffer<T>(false);
  readonly #sizes: number[] = [];
  #bytes = 0;
  #drawn = 0;
  /** Number of elements that an earlier run received. */
  readonly #received: number;

  constructor(
    source: Stage<T>,
    limits: ShuffleLimits,
    random: Xoshiro128,
    iteration: Iteration,
    received: number,
  ) {
    super(source);
    this.#limits = limits;
    this.#random = random;
    this.#iteration = iteration;
    this.#received = received;
  }

  next(): Step<T> {
    for (;;) {
      while (!this.#full) {
        const element = this.pull();
        if (element === LATER) return LATER;
        if (element === END) break;
        this.#put(element);
      }
      const isReplaying = this.#drawn < this.#received;
      // After a failure, the draws would not be those of the earlier run.
      if (this.hasFailed && isReplaying) return this.finish();
      if (this.#buffer.length === 0) {
        if (isReplaying) throw tooFewElements('the source of shuffle');
        return this.finish();
      }
      if (this.hasFailed) this.#iteration.hasFailed = true;
      const element = this.#take();
      this.#drawn++;
      if (!isReplaying) return element;
    }
  }

  override locate(places: Places): void {
    this.#buffer.locate(places);
  }

  override keepPlaces(): void {
    this.#buffer.keepPlaces();
    this.source.keepPlaces();
  }

  position(): Position {
    return [Math.max(this.#drawn, this.#received), null];
  }

  get #full(): boolean {
    return this.ended || this.#buffer.length >= this.#limits.elements || this.#bytes >= this.#limits.bytes;
  }

  #put(element: T): void {
    this.#buffer.push(element, this.source);
    const size = this.#limits.sizeOf(element);
    this.#sizes.push(size);
    this.#bytes += size;
  }

  /** Removes an element and moves the last element into its place. */
  #take(): T {
    const at = this.#random.below(this.#buffer.length);
    this.#bytes -= this.#sizes[at];
    const lastSize = this.#sizes.pop()!;
    if (at < this.#sizes.length) this.#sizes[at] = lastSize;
    return this.#buffer.take(at);
  }
}

/** Limits of a shuffle buffer. */
interface ShuffleLimits {
  readonly elements: number;
  readonly bytes: number;
  readonly sizeOf: (element: unknown) => number;
}

const OPTIONS: OptionNames<ShuffleOptions> = { seed: 0, reshuffleEachIteration: 0, maxBytes: 0, sizeOf: 0 };

/** Returns a shuffle of a source. @throws UsageError for an invalid buffer size, seed or limit */
export function shuffleOf<T>(
  source: Openable<T>,
  buffer: number,
  options: ShuffleOptions,
): { readonly open: Open<T>; readonly operator: Operator } {
  checkOptionNames('shuffle', options, OPTIONS);
  const { reshuffleEachIteration = true, maxBytes = Number.POSITIVE_INFINITY, seed } = options;
  const chosen = seed ?? Math.floor(Math.random() * 2 ** 53);
  checkCount('shuffle: buffer', buffer, 1, true);
  checkCount('shuffle: maxBytes', maxBytes, 1, true);
  checkCount('shuffle: seed', chosen, Number.MIN_SAFE_INTEGER);
  const isLimited = maxBytes !== Number.POSITIVE_INFINITY;
  const what = [buffer, ...(seed === undefined ? [] : [`seed ${seed}`])];
  if (isLimited) what.push(`maxBytes ${maxBytes}`);
  if (!reshuffleEachIteration) what.push('same order');
  const operator: Operator = {
    name: `shuffle(${what.join(', ')})`,
    sources: [source.operator],
    seed: seed === undefined ? chosen : undefined,
  };
  const randomOf = (iteration: Iteration): Xoshiro128 =>
    new Xoshiro128(iteration.seeds.get(operator) ?? chosen, reshuffleEachIteration ? iteration.index : 0);
  const limits = { elements: buffer, bytes: maxBytes, sizeOf: sizesBy(options.sizeOf) };
  const openLimited: Open<T> = (iteration, from = null) => {
    const [received] = splitPosition('shuffle', from, [0]).counts;
    return new LimitedShuffleStage(
      source.openStage(iteration),
      limits,
      randomOf(iteration),
      iteration,
      received,
    );
  };
  const openWhole: Open<T> = (iteration, from = null) => {
    const split = splitShuffle(from);
    const stage = source.openStage(iteration, split.source);
    return new ShuffleStage(stage, buffer, randomOf(iteration), iteration, split);
  };
  return { open: isLimited ? openLimited : openWhole, operator };
}
