import { closeSync, constants, openSync, readSync } from 'node:fs';

/** Maximum size of a small file, in bytes. Reading it from a cached page takes 10 µs. */
export const MAX_SMALL_BYTES: number = 64 * 1024;
/** Flags that open a named pipe without waiting for its writer. Windows lacks the second flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The memory that the last file left for the next one. */
let idle: Uint8Array | undefined;

/** A small file that was read at once. */
export interface SmallFile {
  /** All bytes of the file. They are valid until `release` is called. */
  readonly bytes: Uint8Array;
  /** Leaves the memory for the next file. */
  release(): void;
}

/**
 * Reads a regular file at once on this thread, with one call each to open, read and close it. Its
 * memory is used again for the next file.
 *
 * @param size size of the file, as it was found before
 * @returns undefined if the file is large or empty, has another size by now, or cannot be read; the
 *   general reader handles all these cases
 */
export function readSmallFile(path: string, size: number): SmallFile | undefined {
  if (size === 0 || size > MAX_SMALL_BYTES) return undefined;
  // One more byte shows whether the file has grown.
  const memory = idle ?? new Uint8Array(MAX_SMALL_BYTES + 1);
  idle = undefined;
  const release = (): void => {
    idle = memory;
  };
  if (readInto(memory, path) === size) return { bytes: memory.subarray(0, size), release };
  release();
  return undefined;
}

/** Returns the number of bytes read, or -1 if the file cannot be read. */
function readInto(memory: Uint8Array, path: string): number {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, FLAGS);
    return readSync(descriptor, memory, 0, memory.length, 0);
  } catch {
    return -1;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
