import { EventLoopTurns } from '../bytes/event-loop-turns.ts';
import type { Operator } from './operator.ts';
import type { Places } from './places.ts';
import type { Position } from './position.ts';

/** Number of steps between two readings of the clock. A step takes microseconds. */
const MAX_STEPS = 4096;

/** State shared by the operators of one iteration. */
export class Iteration {
  /** Zero-based number of the iteration. With a seed, it determines the order. */
  readonly index: number;
  readonly turns: EventLoopTurns;
  /** Seeds that recordpipe chose for a resumed iteration, in place of those of the operators. */
  readonly seeds: ReadonlyMap<Operator, number>;
  readonly #shared: Shared;

  constructor(
    index: number,
    seeds: ReadonlyMap<Operator, number> = new Map(),
    turns: EventLoopTurns = new EventLoopTurns(undefined, MAX_STEPS),
    shared: Shared = { hasFailed: false },
  ) {
    this.index = index;
    this.seeds = seeds;
    this.turns = turns;
    this.#shared = shared;
  }

  /** Returns the same iteration with another index, for a round of `repeat`. */
  at(index: number): Iteration {
    return new Iteration(index, this.seeds, this.turns, this.#shared);
  }

  /** Returns the same iteration with additional seeds, for an inner dataset. */
  seeded(seeds: ReadonlyMap<Operator, number>): Iteration {
    return new Iteration(this.index, new Map([...this.seeds, ...seeds]), this.turns, this.#shared);
  }

  /** Reason why the run has no state, which became known while it was running. */
  get whyNotResumable(): string | undefined {
    return this.#shared.whyNotResumable;
  }

  set whyNotResumable(why: string | undefined) {
    this.#shared.whyNotResumable = why;
  }

  /**
   * Whether the next element would be different if a source had not failed, such as an incomplete
   * batch. From that element on, states count no element as received, so that a resumed iteration
   * loses nothing. Stages that create such elements set it. Stages that hold elements clear it, and
   * set it again when they deliver the element.
   */
  get hasFailed(): boolean {
    return this.#shared.hasFailed;
  }

  set hasFailed(hasFailed: boolean) {
    this.#shared.hasFailed = hasFailed;
  }
}

/** State of one run, whatever the number of its iteration. */
interface Shared {
  hasFailed: boolean;
  whyNotResumable?: string | undefined;
}

/** Numbers the iterations of a dataset and of the datasets derived from it. */
export class Epochs {
  /** Whether an earlier operator shuffles. */
  readonly seeded: boolean;
  #next = 0;

  constructor(seeded = false) {
    this.seeded = seeded;
  }

  begin(): number {
    return this.#next++;
  }

  /** Continues after iteration `index`, which was resumed. */
  after(index: number): void {
    this.#next = Math.max(this.#next, index + 1);
  }
}

/** Value that {@link Stage.next} returns at the end. */
export const END: unique symbol = Symbol('end');
/**
 * Value that {@link Stage.next} returns if the next element is not ready yet. Wait for {@link
 * Stage.ready} before the next call.
 */
export const LATER: unique symbol = Symbol('later');

/** An element, END or LATER. */
export type Step<T> = T | typeof END | typeof LATER;

/** What a stage waits for: bytes or elements of a source, or a function of `map` or `filter`. */
export type Wait = 'source' | 'map';

/**
 * One operator of one iteration. `next` returns elements one by one, without promises. It returns
 * LATER only if it must wait for the next batch of records or for a promise of a user's function. A
 * chain thus takes one call per operator and element, and no user function runs for an element that
 * was not requested.
 */
export abstract class Stage<T> {
  /** Returns the next element. After it throws, only `close` is called. */
  abstract next(): Step<T>;

  /**
   * Returns a promise that resolves when `next` should be called again after it returned LATER. The
   * promise can resolve early and never rejects.
   */
  abstract ready(): Promise<void>;

  /**
   * Ends this stage and its sources, at any point. Called once. Returns undefined if it completes
   * synchronously.
   */
  abstract close(): Promise<void> | undefined;

  /**
   * Returns the position after the last element that `next` returned: a stage opened there returns
   * the next one. Called only before the first `next`, and after a `next` or `pass` that did not
   * return LATER or throw; it takes about a microsecond. A stage that reads ahead uses a
   * `MarkedSource`.
   */
  abstract position(): Position;

  /** Returns what the stage waits for. Called only after `next` returned LATER. */
  waitsFor(): Wait {
    return 'source';
  }

  /**
   * Skips up to `count` ready elements without creating them, and returns their number. A result of
   * 0 does not mean that the stage has ended; call `next` to find out.
   */
  pass(_count: number): number {
    return 0;
  }

  /**
   * Adds the location of the element that `next` returned last, for errors. It is unknown unless the
   * element is a record of a source that knows where it is.
   */
  locate(places: Places): void {
    places.addUnknown();
  }

  /**
   * Called before the first `next` by a stage that calls `locate`. A stage that holds elements then
   * remembers their locations.
   */
  keepPlaces(): void {}
}

/** A stage with one source. */
export abstract class Through<S, T, Source extends Stage<S> = Stage<S>> extends Stage<T> {
  protected readonly source: Source;

  constructor(source: Source) {
    super();
    this.source = source;
  }

  ready(): Promise<void> {
    return this.source.ready();
  }

  override waitsFor(): Wait {
    return this.source.waitsFor();
  }

  close(): Promise<void> | undefined {
    return this.source.close();
  }
}

/** A stage whose elements are those of its source. */
export abstract class Selecting<T> extends Through<T, T> {
  override locate(places: Places): void {
    this.source.locate(places);
  }

  override keepPlaces(): void {
    this.source.keepPlaces();
  }
}

/**
 * Begins one iteration: creates the stage, but reads nothing.
 * @param from where to begin, as the `position` of an earlier stage of the same operator. Default:
 *   null, the start
 * @throws RecordpipeError `malformed-state` for a position of a different form
 */
export type Open<T> = (iteration: Iteration, from?: Position) => Stage<T>;

/** A source that can be opened any number of times, such as a dataset. */
export interface Openable<T> {
  readonly operator: Operator;
  /** Begins an iteration inside another one. */
  openStage(iteration: Iteration, from?: Position): Stage<T>;
}

/** Closes all stages, then rejects with the first failure. */
export function closeAll(stages: Iterable<Stage<unknown>>): Promise<void> | undefined {
  const closing: Promise<void>[] = [];
  for (const stage of stages) {
    const closed = beginClosing(stage);
    if (closed !== undefined) closing.push(closed);
  }
  if (closing.length === 0) return undefined;
  return Promise.allSettled(closing).then((results) => {
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  });
}

function beginClosing(stage: Stage<unknown>): Promise<void> | undefined {
  try {
    return stage.close();
  } catch (error) {
    return Promise.reject(error);
  }
}
