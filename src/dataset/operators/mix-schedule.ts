import { mix as scramble } from './random.ts';

/** Chooses the source of each element of a mix. */
export interface MixSchedule {
  /** Returns the source of the next element. */
  choose(): number;
  /** Records that an element of the chosen source was delivered. */
  taken(source: number): void;
  /** Removes a source that has ended. The other sources keep their ratios. */
  remove(source: number): void;
  /** Whether each source has ended. */
  readonly ended: readonly boolean[];
  /** Numbers from which the schedule continues, with the sources that have ended. */
  readonly counts: readonly number[];
  /** Continues from an earlier schedule. */
  restore(ended: readonly boolean[], counts: readonly number[]): void;
}

/**
 * The schedule of `exact`. After any number of elements, the number from each source differs by
 * less than one from its share.
 *
 * Element `k` of a source with share `w` may come no earlier than at position `floor(k / w)` and
 * must come before `ceil((k + 1) / w)`. Of the elements that may come, the one with the earliest
 * deadline does. For elements of equal size on one machine, this meets all deadlines if any
 * schedule does, and one exists (Tijdeman, "The chairman assignment problem").
 */
export class ExactSchedule implements MixSchedule {
  readonly #weights: readonly number[];
  readonly ended: boolean[];
  /** Number of elements of each source, and of all sources, since a source was last removed. */
  readonly counts: number[];
  #position = 0;
  #total: number;

  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.ended = weights.map(() => false);
    this.counts = weights.map(() => 0);
    this.#total = sumOf(weights);
  }

  choose(): number {
    const total = this.#total;
    let chosen = -1;
    let earliest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#weights.length; i++) {
      if (this.ended[i]) continue;
      const period = total / this.#weights[i];
      if (Math.floor(this.counts[i] * period) > this.#position) continue;
      const deadline = Math.ceil((this.counts[i] + 1) * period);
      if (deadline >= earliest) continue;
      chosen = i;
      earliest = deadline;
    }
    return chosen < 0 ? this.#mostBehind() : chosen;
  }

  taken(source: number): void {
    this.counts[source]++;
    this.#position++;
  }

  remove(source: number): void {
    this.ended[source] = true;
    this.counts.fill(0);
    this.#position = 0;
    this.#total = sumOf(this.#weights.filter((_, i) => !this.ended[i]));
  }

  restore(ended: readonly boolean[], counts: readonly number[]): void {
    for (let i = 0; i < ended.length; i++) if (ended[i]) this.remove(i);
    for (let i = 0; i < counts.length; i++) this.counts[i] = counts[i];
    this.#position = sumOf(counts);
  }

  /** Returns the source that has fallen furthest below its share. Needed only if rounding excludes all of them. */
  #mostBehind(): number {
    let chosen = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#weights.length; i++) {
      const lacking = ((this.#position + 1) * this.#weights[i]) / this.#total - this.counts[i];
      if (this.ended[i] || lacking <= most) continue;
      chosen = i;
      most = lacking;
    }
    return chosen;
  }
}

/**
 * Draws sources at random, with probabilities proportional to their weights. A draw depends only on
 * the seed, the iteration, the position and the number of sources that have ended, so that no state
 * of a generator needs to be stored.
 */
export class RandomSchedule implements MixSchedule {
  readonly #weights: readonly number[];
  readonly #key: number;
  readonly ended: boolean[];
  #endedCount = 0;
  #total: number;
  #position = 0;

  constructor(weights: readonly number[], seed: number, iteration: number) {
    this.#weights = weights;
    this.#key = hash(hash(0, seed), iteration);
    this.ended = weights.map(() => false);
    this.#total = sumOf(weights);
  }

  choose(): number {
    const key = hash(hash(this.#key, this.#position), this.#endedCount);
    let rest = (((key >>> 0) * 2 ** 21 + (scramble(key ^ KEY) >>> 11)) / 2 ** 53) * this.#total;
    let last = -1;
    for (let i = 0; i < this.#weights.length; i++) {
      if (this.ended[i]) continue;
      last = i;
      rest -= this.#weights[i];
      if (rest < 0) break;
    }
    return last;
  }

  taken(): void {
    this.#position++;
  }

  get counts(): readonly number[] {
    return [this.#position];
  }

  restore(ended: readonly boolean[], [position]: readonly number[]): void {
    for (let i = 0; i < ended.length; i++) if (ended[i]) this.remove(i);
    this.#position = position;
  }

  remove(source: number): void {
    this.ended[source] = true;
    this.#endedCount++;
    this.#total = sumOf(this.#weights.filter((_, i) => !this.ended[i]));
  }
}

const KEY = 0x9e3779b9;

/** Mixes both halves of an integer into a hash. */
function hash(before: number, value: number): number {
  const low = scramble((before + (value >>> 0) + KEY) | 0);
  return scramble((low + (Math.floor(value / 2 ** 32) >>> 0) + KEY) | 0);
}

function sumOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}
