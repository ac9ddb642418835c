import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import type { Operator } from '../operator.ts';
import { checkCount } from '../operator-options.ts';
import type { Places } from '../places.ts';
import { isCount, isList, malformedPosition, type Position } from '../position.ts';
import { closeAll, END, LATER, type Open, type Openable, Stage, type Step, type Wait } from '../stage.ts';
import { ExactSchedule, type MixSchedule, RandomSchedule } from './mix-schedule.ts';

/** A source of a mix. */
export interface MixSource<D> {
  /** The dataset to draw from. */
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
   * zeros when an iteration begins, and to the numbers of the state when one is resumed.
   */
  readonly counts?: number[] | undefined;
}

/**
 * Takes each element from one of several sources, as a schedule chooses. Its positions are `[ended,
 * schedule, counts, sources]`, with an item per source in all lists but `schedule`.
 */
class MixStage<T> extends Stage<T> {
  readonly #sources: readonly Stage<T>[];
  readonly #schedule: MixSchedule;
  readonly #stopsAtFirst: boolean;
  readonly #counts: number[];
  #left: number;
  /** Source of the last element. */
  #last = -1;
  /** Source of the next element, once it is chosen. */
  #chosen: number | undefined;

  /** @param counts the number of elements from each source so far */
  constructor(sources: readonly Stage<T>[], schedule: MixSchedule, stopsAtFirst: boolean, counts: number[]) {
    super();
    this.#sources = sources;
    this.#schedule = schedule;
    this.#stopsAtFirst = stopsAtFirst;
    this.#counts = counts;
    const ended = schedule.ended.filter(Boolean).length;
    this.#left = stopsAtFirst && ended > 0 ? 0 : sources.length - ended;
  }

  next(): Step<T> {
    while (this.#left > 0) {
      this.#chosen ??= this.#schedule.choose();
      const chosen = this.#chosen;
      const element = this.#sources[chosen].next();
      if (element === LATER) return LATER;
      this.#chosen = undefined;
      if (element !== END) {
        this.#last = chosen;
        this.#schedule.taken(chosen);
        this.#counts[chosen]++;
        return element;
      }
      this.#left = this.#stopsAtFirst ? 0 : this.#left - 1;
      this.#schedule.remove(chosen);
    }
    return END;
  }

  position(): Position {
    const { ended, counts } = this.#schedule;
    const sources = this.#sources.map((source) => source.position());
    return [ended.map(Number), [...counts], [...this.#counts], sources];
  }

  ready(): Promise<void> {
    return this.#chosen === undefined ? Promise.resolve() : this.#sources[this.#chosen].ready();
  }

  override locate(places: Places): void {
    if (this.#last < 0) places.addUnknown();
    else this.#sources[this.#last].locate(places);
  }

  override keepPlaces(): void {
    for (const source of this.#sources) source.keepPlaces();
  }

  override waitsFor(): Wait {
    return this.#chosen === undefined ? 'source' : this.#sources[this.#chosen].waitsFor();
  }

  close(): Promise<void> | undefined {
    return closeAll(this.#sources);
  }
}

const OPTIONS: OptionNames<MixOptions> = { seed: 0, stop: 0, exact: 0, counts: 0 };

/** Returns a mix of sources. @throws UsageError for invalid weights or options */
export function mixOf<T>(
  sources: readonly MixSource<Openable<T>>[],
  options: MixOptions,
): { readonly open: Open<T>; readonly operator: Operator } {
  checkOptionNames('mix', options, OPTIONS);
  const { seed, stop = 'first', exact = false, counts: userCounts } = options;
  const chosen = seed ?? Math.floor(Math.random() * 2 ** 53);
  checkCount('mix: seed', chosen, Number.MIN_SAFE_INTEGER);
  if (stop !== 'first' && stop !== 'all')
    throw new UsageError(`mix: stop: expected one of first, all, got ${String(stop)}`);
  if (userCounts !== undefined && !Array.isArray(userCounts))
    throw new UsageError(`mix: counts: expected an array, got ${typeof userCounts}`);
  const weights = sources.map(({ weight }) => weight);
  for (const weight of weights)
    if (!(Number.isFinite(weight) && weight > 0))
      throw new UsageError(`mix: weight: expected a number > 0, got ${String(weight)}`);
  const scaled = scaledWeights(weights);
  const random = exact ? '' : `, ${seed === undefined ? 'random' : `seed ${seed}`}`;
  const operator: Operator = {
    name: `mix(${weights.join(':')}, ${stop}${random})`,
    sources: sources.map(({ dataset }) => dataset.operator),
    seed: exact || seed !== undefined ? undefined : chosen,
  };
  const open: Open<T> = (iteration, from = null) => {
    const used = iteration.seeds.get(operator) ?? chosen;
    const schedule = exact ? new ExactSchedule(scaled) : new RandomSchedule(scaled, used, iteration.index);
    const {
      ended,
      schedule: next,
      counts,
      positions,
    } = splitMix(from, weights.length, schedule.counts.length);
    if (from !== null) schedule.restore(ended, next);
    const stages = sources.map(({ dataset }, i) => dataset.openStage(iteration, positions[i]));
    const taken = userCounts ?? [];
    taken.length = 0;
    for (const count of counts) taken.push(count);
    return new MixStage(stages, schedule, stop === 'first', taken);
  };
  return { open, operator };
}

/** Returns weights whose sum is neither infinite nor rounded to few bits. */
function scaledWeights(weights: readonly number[]): readonly number[] {
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  return largest > MAX_WEIGHT || largest < 1 / MAX_WEIGHT
    ? weights.map((weight) => weight / largest)
    : weights;
}

const MAX_WEIGHT = 1e200;

interface MixPosition {
  readonly ended: readonly boolean[];
  readonly schedule: readonly number[];
  readonly counts: readonly number[];
  readonly positions: readonly Position[];
}

function splitMix(from: Position, sources: number, numbers: number): MixPosition {
  const zeros = new Array<number>(sources).fill(0);
  const start = [zeros, new Array<number>(numbers).fill(0), zeros, zeros.map(() => null)];
  const [ended, schedule, counts, positions] = isList(from ?? start, 4)
    ? ((from ?? start) as Position[])
    : [];
  if (!isList(ended, sources) || !isList(counts, sources) || !isList(positions, sources))
    throw malformedPosition('mix');
  if (!isList(schedule, numbers) || ![...ended, ...schedule, ...counts].every(isCount))
    throw malformedPosition('mix');
  return {
    ended: ended.map((one) => one === 1),
    schedule: schedule as number[],
    counts: counts as number[],
    positions,
  };
}
