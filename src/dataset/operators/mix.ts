import { UsageError } from '../../errors.ts';
import { checkCount } from '../operator-options.ts';
import { closeAll, END, LATER, type Open, type Openable, Stage, type Step } from '../stage.ts';
import { ExactSchedule, type MixSchedule, RandomSchedule } from './mix-schedule.ts';

/** A source of a mix. */
export interface MixSource<D> {
  readonly dataset: D;
  /** Share of this source relative to the other weights: a number > 0. */
  readonly weight: number;
}

/** Options of `mix`. */
export interface MixOptions {
  /** Seed of the random choice of sources, an integer. Default: a random seed. */
  readonly seed?: number | undefined;
  /**
   * When the mix ends. `first` (default): when a source has no element for its turn, so that the
   * ratios hold to the end. `all`: when all sources have ended; a source that ends drops out, and
   * the others keep their ratios.
   */
  readonly stop?: 'first' | 'all' | undefined;
  /**
   * Whether sources take turns by a fixed schedule instead of at random. After any number of
   * elements, the number from each source is then within one of its share. Default: false.
   */
  readonly exact?: boolean | undefined;
  /**
   * An array that receives the number of elements taken from each source so far. The mix sets it to
   * zeros when an iteration begins.
   */
  readonly counts?: number[] | undefined;
}

/** Takes each element from one of several sources, as a schedule chooses. */
export class MixStage<T> extends Stage<T> {
  readonly #sources: readonly Stage<T>[];
  readonly #schedule: MixSchedule;
  readonly #stopsAtFirst: boolean;
  readonly #counts: number[];
  #left: number;
  /** Source of the next element, once it is chosen. */
  #chosen: number | undefined;

  constructor(sources: readonly Stage<T>[], schedule: MixSchedule, stopsAtFirst: boolean, counts: number[]) {
    super();
    this.#sources = sources;
    this.#schedule = schedule;
    this.#stopsAtFirst = stopsAtFirst;
    this.#counts = counts;
    this.#left = sources.length;
    counts.length = sources.length;
    counts.fill(0);
  }

  next(): Step<T> {
    while (this.#left > 0) {
      this.#chosen ??= this.#schedule.choose();
      const chosen = this.#chosen;
      const element = this.#sources[chosen].next();
      if (element === LATER) return LATER;
      this.#chosen = undefined;
      if (element !== END) {
        this.#schedule.taken(chosen);
        this.#counts[chosen]++;
        return element;
      }
      this.#left = this.#stopsAtFirst ? 0 : this.#left - 1;
      if (this.#left > 0) this.#schedule.remove(chosen);
    }
    return END;
  }

  ready(): Promise<void> {
    return this.#chosen === undefined ? Promise.resolve() : this.#sources[this.#chosen].ready();
  }

  close(): Promise<void> | undefined {
    return closeAll(this.#sources);
  }
}

/** Opens a mix of sources. @throws UsageError for invalid weights or options */
export function openMix<T>(sources: readonly MixSource<Openable<T>>[], options: MixOptions): Open<T> {
  const { seed = Math.floor(Math.random() * 2 ** 53), stop = 'first', exact = false, counts } = options;
  checkCount('mix: seed', seed, Number.MIN_SAFE_INTEGER);
  if (stop !== 'first' && stop !== 'all')
    throw new UsageError(`mix: stop: expected one of first, all, got ${String(stop)}`);
  if (counts !== undefined && !Array.isArray(counts))
    throw new UsageError(`mix: counts: expected an array, got ${typeof counts}`);
  const weights = sources.map(({ weight }) => weight);
  for (const weight of weights)
    if (!(Number.isFinite(weight) && weight > 0))
      throw new UsageError(`mix: weight: expected a number > 0, got ${String(weight)}`);
  return (iteration) => {
    const schedule = exact ? new ExactSchedule(weights) : new RandomSchedule(weights, seed, iteration.index);
    const stages = sources.map(({ dataset }) => dataset.openStage(iteration));
    return new MixStage(stages, schedule, stop === 'first', counts ?? []);
  };
}
