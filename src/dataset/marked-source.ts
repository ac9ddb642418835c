import { isUnordered } from './operator.ts';
import { type Position, splitPosition, tooFewElements } from './position.ts';
import { END, type Iteration, LATER, type Openable, Selecting, type Stage, type Step } from './stage.ts';

/** A position of the source, and the number of elements that were pulled before it. */
interface Mark {
  readonly at: number;
  readonly position: Position;
}

/** Time between two marks, and the maximum number of elements between them. */
const MARK_MS = 0.5;
const MAX_STRIDE = 4096;

/**
 * The source of a stage that holds elements which the consumer has not received, and therefore
 * cannot use the current position of its source. It remembers the source's position
 * every 0.5 ms, so that marks cost little and little work is repeated after resuming.
 *
 * Its positions are `[skip, source]`: open the source there and discard `skip` elements. The
 * elements of an unordered source arrive in a different order after resuming. Its position is therefore
 * remembered after each element, and no element is discarded.
 */
export class MarkedSource<T> extends Selecting<T> {
  /** Maximum number of elements that the owner holds; older marks are dropped. */
  reach: number;
  readonly #iteration: Iteration;
  /** Whether the owner delivers elements in later calls than those in which it pulled them. */
  readonly #readsAhead: boolean;
  /** Number of elements to discard before the first one. */
  #discard = 0;
  /** Marks, oldest first. */
  readonly #marks: Mark[] = [];
  #pulled = 0;
  #nextMark = 1;
  #stride = 1;
  readonly #maxStride: number;
  #markedAt = 0;
  /** Whether the source has no defined position, because it is waiting or has failed. */
  #unsettled = false;
  /** Number of elements pulled before a source failed. */
  #frozenAt = Number.POSITIVE_INFINITY;

  /** Opens a source at a position that `before` returned. */
  static open<T>(
    operator: string,
    source: Openable<T>,
    iteration: Iteration,
    from: Position | undefined,
    reach: number,
    readsAhead = false,
  ): MarkedSource<T> {
    const { counts, source: position } = splitPosition(operator, from ?? null, [0]);
    const stage = source.openStage(iteration, position);
    const marked = new MarkedSource(stage, iteration, reach, readsAhead, isUnordered(source.operator));
    marked.#discard = counts[0];
    marked.#marks.push({ at: -counts[0], position });
    return marked;
  }

  private constructor(
    source: Stage<T>,
    iteration: Iteration,
    reach: number,
    readsAhead: boolean,
    everyElement: boolean,
  ) {
    super(source);
    this.#maxStride = everyElement ? 1 : MAX_STRIDE;
    this.reach = reach;
    this.#readsAhead = readsAhead;
    this.#iteration = iteration;
  }

  next(): Step<T> {
    this.#unsettled = true;
    if (this.#discard > 0) {
      const step = this.#discardFirst();
      if (step !== undefined) return step;
    }
    const element = this.source.next();
    if (element === LATER) return LATER;
    this.#unsettled = false;
    if (element === END) return END;
    if (this.#iteration.hasFailed) this.#freeze();
    if (++this.#pulled >= this.#nextMark) this.#mark();
    return element;
  }

  override pass(count: number): number {
    if (this.#discard > 0) return 0;
    const passed = this.source.pass(count);
    this.#pulled += passed;
    if (passed > 0 && this.#pulled >= this.#nextMark) this.#mark();
    return passed;
  }

  /** Returns the position after the last element. */
  position(): Position {
    return this.before(0);
  }

  /** Number of elements that count as received: those before a failure of a source. */
  get received(): number {
    return Math.min(this.#pulled, this.#frozenAt);
  }

  /** Whether a source has failed and later elements do not count as received. */
  get isFrozen(): boolean {
    return this.#frozenAt < this.#pulled;
  }

  /** Returns the position before the last `count` elements, which the owner holds. */
  before(count: number): Position {
    const target = Math.min(this.#pulled - count, this.#frozenAt);
    const exact = target === this.#pulled && this.#pulled > 0 && !this.#unsettled;
    if (exact) return [0, this.source.position()];
    let mark = this.#marks[0];
    for (const one of this.#marks) if (one.at <= target) mark = one;
    return [target - mark.at, mark.position];
  }

  /**
   * Records that the owner delivers an element. Owners that read ahead call this method.
   * @param after number of elements that were pulled after that element
   */
  delivers(after: number): void {
    if (this.#pulled - after > this.#frozenAt) this.#iteration.hasFailed = true;
  }

  /** Stops counting elements as received, beginning with the latest one. */
  #freeze(): void {
    this.#frozenAt = Math.min(this.#frozenAt, this.#pulled);
    if (this.#readsAhead) this.#iteration.hasFailed = false;
  }

  /** Discards elements. Returns LATER if it could not discard all of them yet. */
  #discardFirst(): typeof LATER | undefined {
    while (this.#discard > 0) {
      const passed = this.source.pass(this.#discard);
      this.#discard -= passed;
      if (this.#discard === 0) return undefined;
      const element = this.source.next();
      if (element === LATER) return LATER;
      if (element === END) throw tooFewElements('a source');
      this.#discard--;
    }
    return undefined;
  }

  #mark(): void {
    const now = performance.now();
    this.#stride =
      now - this.#markedAt < MARK_MS
        ? Math.min(2 * this.#stride, this.#maxStride)
        : Math.max(this.#stride >> 1, 1);
    this.#markedAt = now;
    this.#nextMark = this.#pulled + this.#stride;
    if (this.#frozenAt !== Number.POSITIVE_INFINITY) return;
    const marks = this.#marks;
    let stale = 0;
    while (stale + 1 < marks.length && marks[stale + 1].at <= this.#pulled - this.reach) stale++;
    if (stale > 0) marks.splice(0, stale);
    marks.push({ at: this.#pulled, position: this.source.position() });
  }
}
