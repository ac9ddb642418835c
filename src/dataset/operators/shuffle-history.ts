import { isList, malformedPosition, type Position, splitPosition, tooFewElements } from '../position.ts';
import { END, LATER, type Stage } from '../stage.ts';
import type { RandomState, Xoshiro128 } from './random.ts';
import type { ShuffleBuffer } from './shuffle-buffer.ts';

/** Minimum number of draws between two snapshots. */
const MIN_SNAPSHOT_DRAWS = 4096;

/** A state of a shuffle after some draw. */
interface Snapshot {
  /** Number of draws before it. */
  readonly drawn: number;
  /** Number of elements in the buffer. */
  readonly length: number;
  /** State of the random numbers; undefined at the start of the iteration. */
  readonly random: RandomState | undefined;
  /** Position of the source. */
  readonly source: Position;
}

/**
 * The draws of a shuffle, from which its buffer is rebuilt.
 *
 * A draw moves the latest element into the slot that it empties. A slot that was drawn after a
 * snapshot therefore holds an element that was pulled after it, and once all slots were drawn, the
 * draws after the snapshot determine the whole buffer. That takes about `B ln B` draws for `B`
 * slots. A position is `[pulled, drawn, [random, source]]`: the latest snapshot of this kind, and
 * the numbers of elements pulled and drawn after it. Until there is one, the start of the iteration
 * takes its place.
 */
export class ShuffleHistory {
  readonly #slots: number;
  readonly #random: Xoshiro128;
  /** Snapshots, oldest first. All slots were drawn after the first one. */
  readonly #snapshots: Snapshot[];
  readonly #every: number;
  /** Number of draws when each slot was last drawn. Created once the buffer was full. */
  #lastDraw: Float64Array | undefined;
  #drawn = 0;
  #nextSnapshot: number;

  /** @param slots size of the buffer */
  constructor(slots: number, random: Xoshiro128, from: ShufflePosition) {
    this.#slots = slots;
    this.#random = random;
    this.#every = Math.max(slots, MIN_SNAPSHOT_DRAWS);
    this.#nextSnapshot = this.#every;
    if (from.random !== undefined) random.state = from.random;
    const length = from.random === undefined ? 0 : slots - 1;
    this.#snapshots = [{ drawn: 0, length, random: from.random, source: from.source }];
  }

  /**
   * Repeats the draws of an earlier run.
   * @returns for each slot of the buffer, the number of its element, counted from the position of
   *   the source
   * @throws RecordpipeError `malformed-state` if the draws do not determine the buffer
   */
  replay({ pulled, drawn }: ShufflePosition): number[] {
    const order: number[] = new Array(this.#snapshots[0].length).fill(-1);
    let next = 0;
    while (this.#drawn < drawn) {
      while (order.length < this.#slots && next < pulled) order.push(next++);
      if (order.length === 0) break;
      const at = this.#random.below(order.length);
      this.drew(at, order.length);
      const last = order.pop()!;
      if (at < order.length) order[at] = last;
    }
    if (next !== pulled || this.#drawn !== drawn || order.includes(-1)) throw malformedPosition('shuffle');
    return order;
  }

  /** Records a draw from a buffer of `length` elements. */
  drew(at: number, length: number): void {
    this.#drawn++;
    if (length < this.#slots) return;
    this.#lastDraw ??= new Float64Array(this.#slots);
    this.#lastDraw[at] = this.#drawn;
  }

  /** Whether it is time for a snapshot. */
  get isDue(): boolean {
    return this.#drawn >= this.#nextSnapshot;
  }

  /** Takes a snapshot after a draw from a full buffer. */
  snapshot(source: Position): void {
    this.#nextSnapshot = this.#drawn + this.#every;
    const snapshots = this.#snapshots;
    const { state: random } = this.#random;
    snapshots.push({ drawn: this.#drawn, length: this.#slots - 1, random, source });
    // The last slot is refilled before each draw, so it never holds an older element.
    const lastDraw = this.#lastDraw!;
    let oldest = this.#drawn;
    for (let i = 0; i < this.#slots - 1; i++) if (lastDraw[i] < oldest) oldest = lastDraw[i];
    let stale = 0;
    while (stale + 1 < snapshots.length && snapshots[stale + 1].drawn < oldest) stale++;
    snapshots.splice(0, stale);
  }

  /** Returns the position of a shuffle whose buffer has `length` elements. */
  position(length: number): Position {
    const [snapshot] = this.#snapshots;
    const drawn = this.#drawn - snapshot.drawn;
    const pulled = drawn + length - snapshot.length;
    return [pulled, drawn, [snapshot.random ?? 0, snapshot.source]];
  }
}

/** The parts of a position. */
export interface ShufflePosition {
  readonly pulled: number;
  readonly drawn: number;
  readonly random: RandomState | undefined;
  readonly source: Position;
}

/** Splits a position into its parts. @throws RecordpipeError `malformed-state` */
export function splitShuffle(position: Position): ShufflePosition {
  const { counts, source: rest } = splitPosition('shuffle', position, [0, 0]);
  const [random, source] = rest === null ? [0, null] : isList(rest, 2) ? rest : [null, null];
  if (random !== 0 && !(isList(random, 4) && random.every(Number.isInteger)))
    throw malformedPosition('shuffle');
  return {
    pulled: counts[0],
    drawn: counts[1],
    random: random === 0 ? undefined : (random as unknown as RandomState),
    source,
  };
}

/** Gets the elements of a buffer again from the source. */
export class BufferFill {
  /** The slots, in the order of the source's elements that they hold. */
  readonly #slots: readonly number[];
  readonly #order: readonly number[];
  readonly #pulled: number;
  #at = 0;
  #found = 0;

  /** @param order the number of the source's element in each slot */
  constructor(order: readonly number[], pulled: number) {
    this.#order = order;
    this.#pulled = pulled;
    this.#slots = order.map((_, slot) => slot).sort((a, b) => order[a] - order[b]);
  }

  /** Number of elements in the buffer. */
  get length(): number {
    return this.#slots.length;
  }

  /**
   * Fills the buffer, and reads the elements that the earlier run yielded. Returns false if the
   * source has no element yet.
   * @throws RecordpipeError `not-resumable` if the source has fewer elements
   */
  fill<T>(source: Stage<T>, buffer: ShuffleBuffer<T>): boolean {
    const slots = this.#slots;
    while (this.#at < this.#pulled) {
      const wanted = this.#found < slots.length ? this.#order[slots[this.#found]] : this.#pulled;
      if (this.#at < wanted) this.#at += source.pass(wanted - this.#at);
      if (this.#at === this.#pulled) break;
      const element = source.next();
      if (element === LATER) return false;
      if (element === END) throw tooFewElements('the source of shuffle');
      if (this.#at++ < wanted) continue;
      buffer.push(element, source);
      this.#found++;
    }
    const ranks: number[] = [];
    for (let rank = 0; rank < slots.length; rank++) ranks[slots[rank]] = rank;
    buffer.arrange(ranks);
    return true;
  }
}
