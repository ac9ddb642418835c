import type { ObjectRead } from './object-read.ts';
import type { ObjectRef } from './object-source.ts';

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
