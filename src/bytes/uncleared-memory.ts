import { hostModule } from './host.ts';

/** Size from which clearing memory takes longer than requesting uncleared memory from the host. */
const MIN_UNCLEARED_BYTES = 65_536;
/** Just under 32 MiB, the maximum size of a block that glibc takes from its heap. */
const MAX_HEAP_BLOCK_BYTES = 2 ** 25 - 2 ** 16;

let isHeapKept = false;

/**
 * Returns new memory that the caller must overwrite completely, because it may contain anything.
 * For small sizes, it is cleared.
 */
export function unclearedMemory(bytes: number): ArrayBuffer {
  if (bytes < MIN_UNCLEARED_BYTES) return new ArrayBuffer(bytes);
  keepHeap();
  const node = hostModule('node:buffer');
  if (node === undefined) return new ArrayBuffer(bytes);
  return node.Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
}

/** Like {@link unclearedMemory}, for 32-bit words. */
export function unclearedWords(words: number): Int32Array<ArrayBuffer> {
  // An array of a few words is faster if it allocates its buffer by itself.
  return 4 * words < MIN_UNCLEARED_BYTES ? new Int32Array(words) : new Int32Array(unclearedMemory(4 * words));
}

/**
 * Lets the process reuse the large blocks that it frees. By default, glibc returns them to the
 * operating system, which then maps and clears them again page by page. That takes longer than
 * filling them. After it has freed a block of nearly 32 MiB, glibc keeps freed blocks of up to that
 * size, and up to 64 MiB in total, for reuse. The block that is allocated here for that purpose is
 * never touched, so it takes no memory.
 */
export function keepHeap(): void {
  if (isHeapKept) return;
  isHeapKept = true;
  hostModule('node:buffer')?.Buffer.allocUnsafeSlow(MAX_HEAP_BLOCK_BYTES);
}
