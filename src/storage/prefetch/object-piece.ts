import type { ObjectInfo, ObjectRef } from '../storage.ts';

/** A piece of an object. Pieces arrive in order. */
export interface ObjectPiece {
  /** The object. */
  readonly object: ObjectInfo;
  /** Zero-based position of the object in the list of requested objects. */
  readonly index: number;
  /** Position of the chunk's first byte in the object. */
  readonly offset: number;
  /**
   * Bytes that are never written to again, unless `reuse` is set. Empty only if the object is
   * empty.
   */
  readonly chunk: Uint8Array;
  /** Whether this is the last piece of the object. */
  readonly last: boolean;
}

/**
 * Decides whether to skip an object that cannot be read, or to fail. Called only before the first
 * byte of the object is delivered.
 */
export type OnObjectError = (error: Error, ref: ObjectRef, index: number) => 'skip' | 'fail';

/** Joins two adjacent views of the same memory. Returns undefined if they are not adjacent. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  if (first.buffer !== second.buffer || first.byteOffset + first.length !== second.byteOffset)
    return undefined;
  return new Uint8Array(first.buffer, first.byteOffset, first.length + second.length);
}
