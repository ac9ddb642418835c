import { EventLoopTurns } from '../bytes/event-loop-turns.ts';

/** Number of steps between two readings of the clock. A step takes microseconds. */
const MAX_STEPS = 4096;

/** State shared by the operators of one iteration. */
export class Iteration {
  /** Zero-based number of the iteration. With a seed, it determines the order. */
  readonly index: number;
  readonly turns: EventLoopTurns;

  constructor(index: number, turns: EventLoopTurns = new EventLoopTurns(undefined, MAX_STEPS)) {
    this.index = index;
    this.turns = turns;
  }

  /** Returns the same iteration with another index, for a round of `repeat`. */
  at(index: number): Iteration {
    return new Iteration(index, this.turns);
  }
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
   * Skips up to `count` ready elements without creating them, and returns their number. A result of
   * 0 does not mean that the stage has ended; call `next` to find out.
   */
  pass(_count: number): number {
    return 0;
  }
}

/** A stage with one source. */
export abstract class Through<S, T> extends Stage<T> {
  protected readonly source: Stage<S>;

  constructor(source: Stage<S>) {
    super();
    this.source = source;
  }

  ready(): Promise<void> {
    return this.source.ready();
  }

  close(): Promise<void> | undefined {
    return this.source.close();
  }
}

/** Begins one iteration: creates the stage, but reads nothing. */
export type Open<T> = (iteration: Iteration) => Stage<T>;

/** A source that can be opened any number of times, such as a dataset. */
export interface Openable<T> {
  /** Begins an iteration inside another one. */
  openStage(iteration: Iteration): Stage<T>;
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
