import { markAsUntransferable } from 'node:worker_threads';
import type { ObjectInfo, ObjectRef } from '../storage.ts';

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

/** Bytes are read into memory by so many at a time: large enough to be written on at once, small enough to be had again. */
const BLOCK_BYTES = 1024 * 1024;

/** Memory for the next bytes, of which at most `most` are to come. */
export function newBlock(most: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(Math.min(most, BLOCK_BYTES));
  // Chunks are handed out while the socket reads to what is behind them.
  markAsUntransferable(buffer);
  return new Uint8Array(buffer);
}

/** Where the bytes of a range go, block by block; what one attempt has begun to fill the next one goes on with. */
export class BlockMemory {
  #block: Uint8Array | undefined;
  #filled = 0;

  /** @param first memory to begin with: of nobody else's */
  constructor(first?: Uint8Array) {
    this.#block = first;
  }

  /** See RangeSink. */
  next(most: number): Uint8Array {
    if (this.#block === undefined || this.#filled === this.#block.length) {
      this.#block = newBlock(most);
      this.#filled = 0;
    }
    return this.#block.subarray(this.#filled, this.#filled + most);
  }

  /** Bytes have come, perhaps from elsewhere. @returns whether they are where {@link next} wanted them */
  note(bytes: Uint8Array): boolean {
    const here = bytes.buffer === this.#block?.buffer;
    if (here) this.#filled += bytes.length;
    return here;
  }
}

/** Two views of one stretch of memory as one; undefined where the second does not begin where the first ends. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  if (first.buffer !== second.buffer || first.byteOffset + first.length !== second.byteOffset)
    return undefined;
  return new Uint8Array(first.buffer, first.byteOffset, first.length + second.length);
}
