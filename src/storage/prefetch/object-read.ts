import { checkPath } from '../../bytes/arguments.ts';
import { FetchFailure } from '../errors.ts';
import type { ObjectInfo, ObjectRef, RangeHead } from '../storage.ts';
import { joined } from './object-piece.ts';
import type { ObjectVerification } from './object-verification.ts';
import type { ObjectState, RangeTransfer } from './range-transfer.ts';

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
