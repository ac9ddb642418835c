import { markAsUntransferable } from 'node:worker_threads';
import type { ObjectInfo, ObjectRef } from '../storage.ts';

/** A piece of an object. Pieces arrive in order. */
export interface ObjectPiece {
  readonly object: ObjectInfo;
  /** Zero-based position of the object in the list of requested objects. */
  readonly index: number;
  /** Position of the chunk's first byte in the object. */
  readonly offset: number;
  /** Bytes that are never written to again. Empty only if the object is empty. */
  readonly chunk: Uint8Array;
  /** Whether this is the last piece of the object. */
  readonly last: boolean;
}

/**
 * Decides whether to skip an object that cannot be read, or to fail. Called only before the first
 * byte of the object is delivered.
 */
export type OnObjectError = (error: Error, ref: ObjectRef, index: number) => 'skip' | 'fail';

/**
 * Size of a block for received bytes. It is large enough for efficient writes and small enough to
 * allocate cheaply.
 */
const BLOCK_BYTES = 1024 * 1024;

/** Allocates memory for the next bytes. @param maxBytes maximum number of bytes still expected */
export function newBlock(maxBytes: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(Math.min(maxBytes, BLOCK_BYTES));
  // Chunks are delivered while the socket reads into the rest of the block.
  markAsUntransferable(buffer);
  return new Uint8Array(buffer);
}

/**
 * Provides the memory for the bytes of a range, block by block. The next attempt continues in the
 * block of a failed attempt.
 */
export class BlockMemory {
  #block: Uint8Array | undefined;
  #filled = 0;

  /** @param first initial memory, which no other code uses */
  constructor(first?: Uint8Array) {
    this.#block = first;
  }

  /** Returns memory for the next bytes. See RangeSink. */
  next(maxBytes: number): Uint8Array {
    if (this.#block === undefined || this.#filled === this.#block.length) {
      this.#block = newBlock(maxBytes);
      this.#filled = 0;
    }
    return this.#block.subarray(this.#filled, this.#filled + maxBytes);
  }

  /**
   * Records bytes that have arrived.
   * @returns whether the bytes lie in the memory that {@link next} returned
   */
  note(bytes: Uint8Array): boolean {
    const here = bytes.buffer === this.#block?.buffer;
    if (here) this.#filled += bytes.length;
    return here;
  }
}

/** Joins two adjacent views of the same memory. Returns undefined if they are not adjacent. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  if (first.buffer !== second.buffer || first.byteOffset + first.length !== second.byteOffset)
    return undefined;
  return new Uint8Array(first.buffer, first.byteOffset, first.length + second.length);
}
