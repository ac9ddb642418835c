import type { Places } from '../places.ts';
import { isList, malformedPosition, type Position, splitPosition } from '../position.ts';
import {
  END,
  type Iteration,
  LATER,
  type Open,
  type Openable,
  Stage,
  type Step,
  type Wait,
} from '../stage.ts';

/**
 * Yields the elements of several stages in sequence. Closes each stage before it opens the next.
 */
abstract class Sequence<T> extends Stage<T> {
  #current: Stage<T> | undefined;
  #any: boolean;
  #keepsPlaces = false;
  #closing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * Opens the next stage. Returns undefined after the last one. `any` is true if the previous stage
   * had elements.
   */
  protected abstract advance(any: boolean): Stage<T> | undefined;

  /** Returns the number of stages that were opened. */
  protected abstract get opened(): number;

  /** Begins inside of `current`. `any` is true if some of its elements have been received. */
  constructor(current: Stage<T> | undefined, any: boolean) {
    super();
    this.#current = current;
    this.#any = any;
  }

  next(): Step<T> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#closing !== undefined) return LATER;
      if (this.#current === undefined) {
        this.#current = this.advance(this.#any);
        this.#any = false;
        if (this.#current === undefined) return END;
        if (this.#keepsPlaces) this.#current.keepPlaces();
      }
      const element = this.#current.next();
      if (element !== END) {
        if (element !== LATER) this.#any = true;
        return element;
      }
      this.#leave(this.#current);
    }
  }

  override locate(places: Places): void {
    if (this.#current === undefined) places.addUnknown();
    else this.#current.locate(places);
  }

  override keepPlaces(): void {
    this.#keepsPlaces = true;
    this.#current?.keepPlaces();
  }

  override pass(count: number): number {
    const passed = this.#current?.pass(count) ?? 0;
    if (passed > 0) this.#any = true;
    return passed;
  }

  position(): Position {
    return [this.opened, this.#any ? 1 : 0, this.#current === undefined ? 0 : [this.#current.position()]];
  }

  ready(): Promise<void> {
    return this.#closing ?? this.#current?.ready() ?? Promise.resolve();
  }

  override waitsFor(): Wait {
    return this.#current?.waitsFor() ?? 'source';
  }

  close(): Promise<void> | undefined {
    return this.#current?.close() ?? this.#closing;
  }

  #leave(stage: Stage<T>): void {
    this.#current = undefined;
    this.#closing = stage.close()?.then(
      () => {
        this.#closing = undefined;
      },
      (error: unknown) => {
        this.#closing = undefined;
        this.#failure = { error };
      },
    );
  }
}

/** Splits the position of a sequence. `current` is undefined if no stage is open. */
function splitSequence(
  operator: string,
  from: Position,
): { opened: number; any: boolean; current: Position | undefined } {
  const { counts, source } = splitPosition(operator, from ?? [0, 0, 0], [0, 0]);
  if (source === 0) return { opened: counts[0], any: counts[1] === 1, current: undefined };
  if (!isList(source, 1) || counts[0] === 0) throw malformedPosition(operator);
  return { opened: counts[0], any: counts[1] === 1, current: source[0] };
}

/**
 * Opens the elements of a dataset `times` times. Without a limit, ends after the first round
 * without elements.
 */
export function openRepeat<T>(source: Openable<T>, times: number): Open<T> {
  return (iteration, from = null) => {
    const { opened, any, current } = splitSequence('repeat', from);
    const open = (round: number, position: Position): Stage<T> => {
      const before = times === Number.POSITIVE_INFINITY ? iteration.index * 2 ** 32 : iteration.index * times;
      return source.openStage(iteration.at(before + round), position);
    };
    const stage = current === undefined ? undefined : open(opened - 1, current);
    return new RepeatStage(open, times, opened, stage, any);
  };
}

class RepeatStage<T> extends Sequence<T> {
  readonly #open: (round: number, position: Position) => Stage<T>;
  readonly #times: number;
  #round: number;

  constructor(
    open: (round: number, position: Position) => Stage<T>,
    times: number,
    round: number,
    current: Stage<T> | undefined,
    any: boolean,
  ) {
    super(current, any);
    this.#open = open;
    this.#times = times;
    this.#round = round;
  }

  protected get opened(): number {
    return this.#round;
  }

  protected advance(any: boolean): Stage<T> | undefined {
    const forever = this.#times === Number.POSITIVE_INFINITY;
    if (this.#round >= this.#times || (forever && this.#round > 0 && !any)) return undefined;
    return this.#open(this.#round++, null);
  }
}

/** Opens the elements of one dataset after another. */
export function openConcatenate<T>(sources: readonly Openable<T>[]): Open<T> {
  return (iteration, from = null) => {
    const { opened, any, current } = splitSequence('concatenate', from);
    if (opened > sources.length) throw malformedPosition('concatenate');
    const stage = current === undefined ? undefined : sources[opened - 1].openStage(iteration, current);
    return new ConcatenateStage(sources, iteration, opened, stage, any);
  };
}

class ConcatenateStage<T> extends Sequence<T> {
  readonly #sources: readonly Openable<T>[];
  readonly #iteration: Iteration;
  #at: number;

  constructor(
    sources: readonly Openable<T>[],
    iteration: Iteration,
    at: number,
    current: Stage<T> | undefined,
    any: boolean,
  ) {
    super(current, any);
    this.#sources = sources;
    this.#iteration = iteration;
    this.#at = at;
  }

  protected get opened(): number {
    return this.#at;
  }

  protected advance(): Stage<T> | undefined {
    return this.#at < this.#sources.length ? this.#sources[this.#at++].openStage(this.#iteration) : undefined;
  }
}
