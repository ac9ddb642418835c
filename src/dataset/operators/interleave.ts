import { type DatasetInput, openInput } from '../iterables.ts';
import type { InterleaveOptions } from '../operator-options.ts';
import { checkCount, checkFunction } from '../operator-options.ts';
import type { Iteration } from '../stage.ts';
import { closeAll, END, LATER, type Open, type Openable, type Stage, type Step, Through } from '../stage.ts';

/**
 * Interleaves blocks of elements from several inner datasets, in the order of tf.data. When an
 * inner dataset ends, its slot opens the next input on its next turn and yields a whole block from
 * it. Slots stay empty after the last input.
 */
export class InterleaveStage<S, T> extends Through<S, T> {
  readonly #inner: (element: S) => DatasetInput<T>;
  readonly #slots: (Stage<T> | undefined)[];
  readonly #blockLength: number;
  readonly #iteration: Iteration;
  #slot = 0;
  #inBlock = 0;
  #open = 0;
  #ended = false;
  #waitsFor: Stage<unknown> | undefined;
  #closing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    source: Stage<S>,
    inner: (element: S) => DatasetInput<T>,
    cycleLength: number,
    blockLength: number,
    iteration: Iteration,
  ) {
    super(source);
    this.#inner = inner;
    this.#slots = new Array(cycleLength).fill(undefined);
    this.#blockLength = blockLength;
    this.#iteration = iteration;
  }

  next(): Step<T> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#closing !== undefined) return LATER;
    while (this.#open > 0 || !this.#ended) {
      const stage = this.#slots[this.#slot];
      if (stage === undefined) {
        if (this.#ended) this.#advance();
        else if (!this.#fill()) return LATER;
        continue;
      }
      const element = stage.next();
      if (element === LATER) {
        this.#waitsFor = stage;
        return LATER;
      }
      if (element !== END) {
        if (++this.#inBlock === this.#blockLength) this.#advance();
        return element;
      }
      this.#leave(stage);
      if (this.#closing !== undefined) return LATER;
    }
    return END;
  }

  override ready(): Promise<void> {
    return this.#closing ?? this.#waitsFor?.ready() ?? Promise.resolve();
  }

  override close(): Promise<void> | undefined {
    const open = this.#slots.filter((stage) => stage !== undefined);
    return closeAll([...open, this.source]);
  }

  /** Opens the next input in the current slot. Returns false if the source has no element yet. */
  #fill(): boolean {
    const element = this.source.next();
    if (element === LATER) {
      this.#waitsFor = this.source;
      return false;
    }
    if (element === END) {
      this.#ended = true;
      return true;
    }
    this.#slots[this.#slot] = openInput(this.#inner(element))(this.#iteration);
    this.#open++;
    return true;
  }

  #advance(): void {
    this.#inBlock = 0;
    this.#slot = (this.#slot + 1) % this.#slots.length;
  }

  #leave(stage: Stage<T>): void {
    this.#slots[this.#slot] = undefined;
    this.#open--;
    this.#advance();
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

/** Opens an interleave. @throws UsageError unless both lengths are integers >= 1 */
export function openInterleave<S, T>(
  source: Openable<S>,
  inner: (element: S) => DatasetInput<T>,
  { cycleLength = 4, blockLength = 1 }: InterleaveOptions,
): Open<T> {
  checkFunction('interleave', inner);
  checkCount('interleave: cycleLength', cycleLength, 1);
  checkCount('interleave: blockLength', blockLength, 1);
  return (iteration) =>
    new InterleaveStage(source.openStage(iteration), inner, cycleLength, blockLength, iteration);
}
