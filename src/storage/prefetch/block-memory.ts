import { markAsUntransferable } from 'node:worker_threads';
import { unclearedMemory } from '../../bytes/uncleared-memory.ts';

/**
 * Size of a block for received bytes. It is large enough for efficient writes and small enough to
 * allocate cheaply.
 */
const BLOCK_BYTES = 1024 * 1024;

/** Allocates memory for the next bytes. @param maxBytes maximum number of bytes still expected */
export function newBlock(maxBytes: number): Uint8Array {
  const buffer = unclearedMemory(Math.min(maxBytes, BLOCK_BYTES));
  // Chunks are delivered while the socket reads into the rest of the block.
  markAsUntransferable(buffer);
  return new Uint8Array(buffer);
}

/** Smallest block that is reused. */
const MIN_BLOCK_BYTES = 16 * 1024;
/** Maximum number of bytes in free blocks: what one stream may hold by default. */
const MAX_FREE_BYTES = 64 * BLOCK_BYTES;

/**
 * The free blocks of this thread, for readers that no longer need a chunk when they request the
 * next one. New memory for every block would take as long as receiving the bytes: the system zeroes
 * it page by page, and the garbage collector marks the heap every few dozen megabytes.
 */
export class BlockPool {
  /** Free blocks by size. All sizes are powers of two, so that blocks of equal size are common. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  #freeBytes = 0;
  /** Blocks in use. A block of an abandoned range is never returned, and is garbage. */
  readonly #used = new WeakSet<ArrayBufferLike>();
  #readers = 0;

  /** Returns a block for at most `maxBytes` bytes. */
  take(maxBytes: number): Uint8Array {
    const wanted = Math.min(maxBytes, BLOCK_BYTES);
    const size = Math.max(MIN_BLOCK_BYTES, 2 ** Math.ceil(Math.log2(wanted)));
    let buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) buffer = newBlock(size).buffer as ArrayBuffer;
    else this.#freeBytes -= size;
    this.#used.add(buffer);
    return new Uint8Array(buffer, 0, wanted);
  }

  /** Returns a block. Ignores memory that is not from this pool. */
  give(buffer: ArrayBufferLike): void {
    const size = buffer.byteLength;
    if (!this.#used.delete(buffer) || this.#readers === 0 || this.#freeBytes + size > MAX_FREE_BYTES) return;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [buffer as ArrayBuffer]);
    else free.push(buffer as ArrayBuffer);
    this.#freeBytes += size;
  }

  /** Registers a reader. @returns a function that removes it; the last one frees all blocks */
  enter(): () => void {
    this.#readers += 1;
    return () => {
      this.#readers -= 1;
      if (this.#readers > 0) return;
      this.#free.clear();
      this.#freeBytes = 0;
    };
  }
}

/** The blocks of this thread. */
export const threadBlocks: BlockPool = new BlockPool();

/**
 * Provides the memory for the bytes of a range, block by block. The next attempt continues in the
 * block of a failed attempt.
 */
export class BlockMemory {
  readonly #pool: BlockPool | undefined;
  readonly #first: Uint8Array | undefined;
  #block: Uint8Array | undefined;
  #filled = 0;

  /**
   * @param first initial memory, which no other code uses
   * @param pool source of blocks; if undefined, all blocks are new
   */
  constructor(first: Uint8Array | undefined, pool: BlockPool | undefined) {
    this.#first = first;
    this.#block = first;
    this.#pool = pool;
  }

  /**
   * Returns memory for the next bytes. See RangeSink.
   * @param rest number of bytes of the range that are still expected
   */
  next(maxBytes: number, rest: number): Uint8Array {
    if (this.#block === undefined || this.#filled === this.#block.length) {
      this.#block = this.#pool === undefined ? newBlock(rest) : this.#pool.take(rest);
      this.#filled = 0;
    }
    return this.#block.subarray(this.#filled, this.#filled + maxBytes);
  }

  /** Returns memory for bytes from `offset` of the range on. See RangeSink. */
  at(offset: number, bytes: number): Uint8Array {
    if (this.#first !== undefined) return this.#first.subarray(offset, offset + bytes);
    return this.#pool === undefined ? newBlock(bytes) : this.#pool.take(bytes);
  }

  /**
   * Records bytes that have arrived.
   * @returns whether the bytes lie in the memory that {@link next} returned
   */
  note(bytes: Uint8Array): boolean {
    const here = bytes.buffer === this.#block?.buffer;
    // The owner of the initial memory copies other bytes to their place in it.
    if (here || this.#block === this.#first) this.#filled += bytes.length;
    return here;
  }
}
