import { EventLoopTurns } from '../bytes/event-loop-turns.ts';

/** Elements of a chain that only computes take microseconds: the clock is read after many of them. */
const MAX_STEPS = 4096;

/** What the operators of one iteration know of it. */
export class Iteration {
  /** Which iteration this is, from 0: with a seed, what decides the order. */
  readonly index: number;
  readonly turns: EventLoopTurns;

  constructor(index: number, turns: EventLoopTurns = new EventLoopTurns(undefined, MAX_STEPS)) {
    this.index = index;
    this.turns = turns;
  }

  /** The same run, seen from inside a repetition. */
  at(index: number): Iteration {
    return new Iteration(index, this.turns);
  }
}

/** Numbers the iterations of a dataset and of all that is derived from it. */
export class Epochs {
  /** Whether an operator before this one shuffles. */
  readonly seeded: boolean;
  #next = 0;

  constructor(seeded = false) {
    this.seeded = seeded;
  }

  begin(): number {
    return this.#next++;
  }
}

/** Handed out by {@link Stage.next} when nothing comes any more. */
export const END: unique symbol = Symbol('end');
/** Handed out by {@link Stage.next} when an element will come, but not now: wait for {@link Stage.ready}. */
export const LATER: unique symbol = Symbol('later');

/** An element, or why there is none. */
export type Step<T> = T | typeof END | typeof LATER;

/**
 * One operator of one iteration. Elements are asked for one by one and handed over at once, without a promise; only where an operator must
 * really wait (the border of a batch of records, a promise of a user's function) does it say LATER. So a chain costs a call per operator
 * and element, and no user function ever runs for an element that nobody asked for.
 */
export abstract class Stage<T> {
  /** The next element. Throws what ends the iteration: from then on only `close` is called. */
  abstract next(): Step<T>;

  /** After LATER: resolves when it is worth asking again, sometimes without need. Never rejects. */
  abstract ready(): Promise<void>;

  /** Ends the stage and those that it reads from, in the middle of everything; called once. Undefined: done already. */
  abstract close(): Promise<void> | undefined;

  /** Passes over up to `count` elements that are there, without making them; how many. Zero tells nothing: ask `next`. */
  pass(_count: number): number {
    return 0;
  }
}

/** A stage that reads from one other. */
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

/** Begins one iteration: makes the stage, reads nothing yet. */
export type Open<T> = (iteration: Iteration) => Stage<T>;

/** What can be opened as often as one likes: a dataset. */
export interface Openable<T> {
  /** Begins an iteration inside another one. */
  openStage(iteration: Iteration): Stage<T>;
}

/** Closes all; rejects with the first failure after having closed the others. */
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
