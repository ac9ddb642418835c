import { checkPath } from '../../bytes/arguments.ts';
import { FetchFailure } from '../errors.ts';
import type { ObjectInfo, ObjectRef, RangeHead } from '../storage.ts';
import { joined } from './object-piece.ts';
import type { ObjectVerification } from './object-verification.ts';
import type { ObjectState, RangeTransfer } from './range-transfer.ts';

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

/** A range of an object, on its way or waiting to be handed out. */
export class Part implements ObjectState {
  readonly object: ObjectRead;
  /** What its request counts. */
  readonly units: number;
  /** Bytes of the window that it holds: those that may still come, and those that have not been given back. */
  held = 0;
  /** Chunks that have come; those before `taken` have been handed out. */
  readonly chunks: Uint8Array[] = [];
  taken = 0;
  transfer: RangeTransfer | undefined;
  done = false;
  /** No longer wanted. */
  dropped = false;
  failure: unknown;
  readonly #onFirstHead: (part: Part, head: RangeHead) => void;
  #headed = false;

  constructor(object: ObjectRead, units: number, onFirstHead: (part: Part, head: RangeHead) => void) {
    this.object = object;
    this.units = units;
    this.#onFirstHead = onFirstHead;
  }

  get uri(): string {
    return this.object.uri;
  }

  get etag(): string | undefined {
    return this.object.etag;
  }

  get versionId(): string | undefined {
    return this.object.versionId;
  }

  /** A chunk has come. What lies behind the one before in memory, and is not out yet, goes out with it. */
  add(chunk: Uint8Array): void {
    const { chunks } = this;
    const last = chunks.length - 1;
    const both = last >= this.taken ? joined(chunks[last], chunk) : undefined;
    if (both === undefined) chunks.push(chunk);
    else chunks[last] = both;
  }

  confirm(head: RangeHead): void {
    this.object.confirm(head);
    if (this.#headed) return;
    this.#headed = true;
    this.#onFirstHead(this, head);
  }
}

/** An object that is being read: what is known of it, how far it is split into ranges, and those that have been begun, in order. */
export class ObjectRead {
  readonly ref: ObjectRef;
  readonly index: number;
  readonly #pinVersion: boolean;
  uri: string;
  size: number | undefined;
  etag: string | undefined;
  versionId: string | undefined;
  /** What the first answer said. */
  info: ObjectInfo | undefined;
  /** First byte that no part has been made for. */
  nextStart = 0;
  parts: Part[] = [];
  /** Bytes handed out. */
  delivered = 0;
  restarted = false;
  /** Whether a part of it cannot be had. */
  failed = false;
  verification: ObjectVerification | undefined;
  next: ObjectRead | undefined;

  constructor(ref: ObjectRef, index: number, pinVersion: boolean) {
    checkPath('object', ref?.uri);
    this.ref = ref;
    this.index = index;
    this.#pinVersion = pinVersion;
    this.uri = ref.uri;
    this.size = ref.size;
    this.etag = ref.etag;
    this.versionId = ref.versionId;
  }

  /** Whether there is a part to be begun now. What is unknown is told by the answer to the first one. */
  get splittable(): boolean {
    if (this.failed) return false;
    if (this.nextStart === 0) return this.parts.length === 0 && this.size !== 0;
    if (this.size === undefined || this.nextStart >= this.size) return false;
    return !(this.#pinVersion && this.info === undefined);
  }

  /** Whether all of it has been handed out. */
  get finished(): boolean {
    return this.parts.length === 0 && this.size !== undefined && this.nextStart >= this.size;
  }

  /** Whether it may be begun anew: once, and before a byte of it is out. */
  get mayRestart(): boolean {
    return this.delivered === 0 && !this.restarted;
  }

  /** @throws FetchFailure `changed` where an answer is of another state of the object */
  confirm(head: RangeHead): void {
    const { size, etag } = this;
    if (etag !== undefined && head.etag !== undefined && head.etag !== etag)
      throw new FetchFailure('changed', `it has another ETag, ${head.etag} instead of ${etag}`);
    if (size !== undefined && head.size !== size)
      throw new FetchFailure('changed', `it has ${head.size} bytes instead of ${size}`);
    if (this.info !== undefined) return;
    this.size = head.size;
    this.etag ??= head.etag;
    if (this.#pinVersion) this.versionId ??= head.versionId;
    const { uri, modified } = head;
    this.info = { uri, size: head.size, etag: head.etag, versionId: head.versionId, modified };
  }

  /** Forgets what is known, and all parts. @returns those that had been begun */
  restart(): Part[] {
    const { parts } = this;
    this.parts = [];
    this.size = undefined;
    this.etag = undefined;
    this.versionId = this.ref.versionId;
    this.info = undefined;
    this.nextStart = 0;
    this.restarted = true;
    this.verification = undefined;
    return parts;
  }
}
