import { checkPath } from '../../bytes/arguments.ts';
import { FetchFailure } from '../errors.ts';
import type { ObjectInfo, ObjectRef, RangeHead } from '../storage.ts';
import { joined } from './object-piece.ts';
import type { ObjectVerification } from './object-verification.ts';
import type { ObjectState, RangeTransfer } from './range-transfer.ts';

/** Returned by {@link ObjectPlan.next} when the next object is not known yet. */
export const LATER: unique symbol = Symbol('later');
export const END: unique symbol = Symbol('end');

/** The sequence of objects to read. The next one is requested when there is room for it. */
export class ObjectPlan {
  readonly #refs: PlannedObjects;
  readonly #onArrival: () => void;
  #iterator: Iterator<PlannedObject> | AsyncIterator<PlannedObject> | undefined;
  #waiting = false;
  #arrived: PlannedObject | undefined;
  #ended = false;
  #failure: unknown;

  /** @param onArrival called when an object becomes available after {@link LATER} */
  constructor(refs: PlannedObjects, onArrival: () => void) {
    this.#refs = refs;
    this.#onArrival = onArrival;
  }

  get ended(): boolean {
    return this.#ended && this.#arrived === undefined;
  }

  /** The reason why the plan ended early. */
  get failure(): unknown {
    return this.#failure;
  }

  next(): PlannedObject | typeof LATER | typeof END {
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
        this.#await(step as Promise<IteratorResult<PlannedObject>>);
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
      // Do not await this, because a listing that never responds would block closing.
      Promise.resolve(this.#iterator?.return?.()).catch(() => {});
    } catch {}
  }

  #await(step: Promise<IteratorResult<PlannedObject>>): void {
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

function iteratorOf(refs: PlannedObjects): Iterator<PlannedObject> | AsyncIterator<PlannedObject> {
  return Symbol.asyncIterator in refs ? refs[Symbol.asyncIterator]() : refs[Symbol.iterator]();
}

/**
 * Maximum number of objects planned ahead of the reader. Required because tiny and empty objects do
 * not fill the window.
 */
const MAX_OBJECTS = 1024;

/** An object to read, and the part to read. Default: the whole object. */
export interface PlannedObject extends ObjectRef {
  readonly part?: { readonly start: number; readonly end: number } | undefined;
}

/** Objects to read: a list, or an iterable of them. */
export type ObjectRefs = Iterable<ObjectRef> | AsyncIterable<ObjectRef>;
type PlannedObjects = Iterable<PlannedObject> | AsyncIterable<PlannedObject>;

/** The objects that are planned but not yet delivered, in order. */
export class ObjectQueue {
  #first: ObjectRead | undefined;
  #last: ObjectRead | undefined;
  /** The first object that may have a part to start. Earlier objects have none. */
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

  /** Returns the first object with a part to start. */
  splittable(): ObjectRead | undefined {
    let object = this.#cursor;
    while (object !== undefined && !object.splittable) object = object.next;
    this.#cursor = object;
    return object;
  }

  /** Reconsiders an object. Call when a part of `object` may have to start again. */
  revisit(object: ObjectRead): void {
    if (this.#cursor === undefined || object.index < this.#cursor.index) this.#cursor = object;
  }

  /**
   * Reports whether an object before `object` may be larger than its requested part. It would then
   * need room for another part, which only later objects could free.
   */
  mayGrowBefore(object: ObjectRead): boolean {
    for (let one = this.#first; one !== undefined && one !== object; one = one.next)
      if (!one.failed && (one.end === undefined || one.nextStart < one.end)) return true;
    return false;
  }
}

/** A range of an object that is in progress or waiting to be delivered. */
export class Part implements ObjectState {
  readonly object: ObjectRead;
  /** Weight of the part's request: `SMALL_UNITS` or `PART_UNITS`. */
  readonly units: number;
  /**
   * Number of bytes of the window reserved for the part: bytes that may still arrive, and bytes not
   * yet released.
   */
  held = 0;
  /** Chunks that have arrived. Those before `taken` have been delivered. */
  readonly chunks: Uint8Array[] = [];
  taken = 0;
  transfer: RangeTransfer | undefined;
  done = false;
  /** Whether the part is no longer needed. */
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

  get size(): number | undefined {
    return this.object.size;
  }

  /**
   * Adds a chunk. Joins it with the previous chunk if the two are adjacent in memory and the
   * previous chunk is not yet delivered.
   */
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

/**
 * An object that is being read: its known version, the position up to which it is split into
 * ranges, and the ranges in progress, in order.
 */
export class ObjectRead {
  readonly ref: PlannedObject;
  readonly index: number;
  readonly #pinVersion: boolean;
  uri: string;
  size: number | undefined;
  etag: string | undefined;
  versionId: string | undefined;
  /** Description of the object from the first response. */
  info: ObjectInfo | undefined;
  /** Position of the first byte to read. */
  readonly start: number;
  /** Position of the first byte that does not belong to a part yet. */
  nextStart: number;
  parts: Part[] = [];
  /** Position after the last byte delivered. */
  delivered: number;
  restarted = false;
  /** Whether a part of the object cannot be read. */
  failed = false;
  verification: ObjectVerification | undefined;
  next: ObjectRead | undefined;

  constructor(ref: PlannedObject, index: number, pinVersion: boolean) {
    checkPath('object', ref?.uri);
    this.ref = ref;
    this.index = index;
    this.#pinVersion = pinVersion;
    this.uri = ref.uri;
    this.size = ref.size;
    this.etag = ref.etag;
    this.versionId = ref.versionId;
    this.start = ref.part?.start ?? 0;
    this.nextStart = this.start;
    this.delivered = this.start;
  }

  /** Position after the last byte to read; undefined until the size is known. */
  get end(): number | undefined {
    const { size } = this;
    const end = this.ref.part?.end ?? size;
    return end === undefined || size === undefined ? end : Math.min(end, size);
  }

  /** Whether a part can start now. The first response reveals an unknown size. */
  get splittable(): boolean {
    if (this.failed) return false;
    if (this.nextStart === this.start) return this.parts.length === 0 && this.end !== this.start;
    if (this.end === undefined || this.nextStart >= this.end) return false;
    return !(this.#pinVersion && this.info === undefined);
  }

  /** Whether the whole object has been delivered. */
  get finished(): boolean {
    return this.parts.length === 0 && this.end !== undefined && this.nextStart >= this.end;
  }

  /**
   * Whether the object may be read again from the beginning. This is allowed once, and only before
   * its first byte is delivered. A part belongs to the version whose other parts are read.
   */
  get mayRestart(): boolean {
    return this.delivered === 0 && !this.restarted && this.ref.part === undefined;
  }

  /**
   * Checks a response against the known version.
   * @throws FetchFailure `changed` if a response is for a different version of the object
   */
  confirm(head: RangeHead): void {
    const { size, etag } = this;
    if (etag !== undefined && head.etag !== undefined && head.etag !== etag)
      throw new FetchFailure('changed', `its ETag is ${head.etag} instead of ${etag}`);
    if (size !== undefined && head.size !== size)
      throw new FetchFailure('changed', `it has ${head.size} bytes instead of ${size}`);
    if (this.info !== undefined) return;
    this.size = head.size;
    this.etag ??= head.etag;
    if (this.#pinVersion) this.versionId ??= head.versionId;
    const { uri, modified } = head;
    this.info = { uri, size: head.size, etag: head.etag, versionId: head.versionId, modified };
  }

  /** Discards the known version and all parts. @returns the parts in progress */
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
