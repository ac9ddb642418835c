import type { ObjectRef } from '../storage.ts';
import type { ObjectRead } from './object-read.ts';

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

/** Objects split ahead of the reader; those that are tiny or empty fill no window. */
const MAX_OBJECTS = 1024;

export type ObjectRefs = Iterable<ObjectRef> | AsyncIterable<ObjectRef>;

/** The objects that have been planned and not yet been handed out, in order. */
export class ObjectQueue {
  #first: ObjectRead | undefined;
  #last: ObjectRead | undefined;
  /** No object before this one has a part to be begun. */
  #cursor: ObjectRead | undefined;
  #length = 0;

  get first(): ObjectRead | undefined {
    return this.#first;
  }

  get full(): boolean {
    return this.#length >= MAX_OBJECTS;
  }

  push(object: ObjectRead): void {
    if (this.#last === undefined) this.#first = object;
    else this.#last.next = object;
    this.#last = object;
    this.#cursor ??= object;
    this.#length += 1;
  }

  shift(): void {
    const { next } = this.#first!;
    if (this.#cursor === this.#first) this.#cursor = next;
    this.#first = next;
    if (next === undefined) this.#last = undefined;
    this.#length -= 1;
  }

  /** The first object with a part to be begun. */
  splittable(): ObjectRead | undefined {
    let object = this.#cursor;
    while (object !== undefined && !object.splittable) object = object.next;
    this.#cursor = object;
    return object;
  }

  /** `object` may have a part to be begun again. */
  revisit(object: ObjectRead): void {
    if (this.#cursor === undefined || object.index < this.#cursor.index) this.#cursor = object;
  }

  /** Whether one before `object` may turn out to have more than was asked for: it needs room for a part then, which only what lies behind it could give back. */
  mayGrowBefore(object: ObjectRead): boolean {
    for (let one = this.#first; one !== undefined && one !== object; one = one.next)
      if (!one.failed && (one.size === undefined || one.nextStart < one.size)) return true;
    return false;
  }
}
