import type { ObjectRefs } from './object-queue.ts';
import type { ObjectRef } from './object-source.ts';

/** What {@link ObjectPlan.next} says when there is nothing yet. */
export const LATER: unique symbol = Symbol('later');
export const END: unique symbol = Symbol('end');

/** The objects to be read, asked for one at a time and not before there is room for them. */
export class ObjectPlan {
  readonly #refs: ObjectRefs;
  readonly #onArrival: () => void;
  #iterator: Iterator<ObjectRef> | AsyncIterator<ObjectRef> | undefined;
  #waiting = false;
  #arrived: ObjectRef | undefined;
  #ended = false;
  #failure: unknown;

  /** @param onArrival called when there is something after {@link LATER} */
  constructor(refs: ObjectRefs, onArrival: () => void) {
    this.#refs = refs;
    this.#onArrival = onArrival;
  }

  get ended(): boolean {
    return this.#ended && this.#arrived === undefined;
  }

  /** Why it ended early. */
  get failure(): unknown {
    return this.#failure;
  }

  next(): ObjectRef | typeof LATER | typeof END {
    const arrived = this.#arrived;
    if (arrived !== undefined) {
      this.#arrived = undefined;
      return arrived;
    }
    if (this.#ended) return END;
    if (this.#waiting) return LATER;
    try {
      this.#iterator ??= iteratorOf(this.#refs);
      const step = this.#iterator.next();
      if (step instanceof Promise || 'then' in step) {
        this.#await(step as Promise<IteratorResult<ObjectRef>>);
        return LATER;
      }
      if (!step.done) return step.value;
      this.#ended = true;
    } catch (error) {
      this.#fail(error);
    }
    return END;
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#arrived = undefined;
    try {
      // Not awaited: a listing that never answers would hold everything up.
      Promise.resolve(this.#iterator?.return?.()).catch(() => {});
    } catch {}
  }

  #await(step: Promise<IteratorResult<ObjectRef>>): void {
    this.#waiting = true;
    step
      .then(
        (result) => {
          this.#waiting = false;
          if (this.#ended) return;
          if (result.done) this.#ended = true;
          else this.#arrived = result.value;
        },
        (error: unknown) => {
          this.#waiting = false;
          if (!this.#ended) this.#fail(error);
        },
      )
      .then(this.#onArrival);
  }

  #fail(error: unknown): void {
    this.#ended = true;
    this.#failure = error;
  }
}

function iteratorOf(refs: ObjectRefs): Iterator<ObjectRef> | AsyncIterator<ObjectRef> {
  return Symbol.asyncIterator in refs ? refs[Symbol.asyncIterator]() : refs[Symbol.iterator]();
}
