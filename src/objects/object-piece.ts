import type { ObjectInfo, ObjectRef } from './object-source.ts';

/** Bytes of an object, in order. */
export interface ObjectPiece {
  readonly object: ObjectInfo;
  /** Of the object among those that were asked for, from 0. */
  readonly index: number;
  /** Of the chunk's first byte in the object: 0 where the object begins. */
  readonly offset: number;
  /** Never written to again; of no bytes only where the object has none. */
  readonly chunk: Uint8Array;
  /** Whether the object ends with it. */
  readonly last: boolean;
}

/** Whether an object of which no byte has been handed out yet is left out, or ends everything. */
export type OnObjectError = (error: Error, ref: ObjectRef, index: number) => 'skip' | 'fail';
