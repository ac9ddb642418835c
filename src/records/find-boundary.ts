import type { BoundaryFinder } from '../formats/record-format.ts';
import type { StoredFile } from '../storage/storage.ts';

/** Number of bytes to search at a time. A multiple of four, as `BoundaryFinder` requires. */
const WINDOW_BYTES = 128 * 1024;
/**
 * Number of further headers that must follow a probable start. A payload may contain a header by
 * chance, but hardly one that leads to others.
 */
const HEADERS_AFTER = 2;

/** Reads bytes of a file into new memory. */
export type ReadAt = (position: number, length: number) => Uint8Array | Promise<Uint8Array>;

/** Returns a function that reads a local file on this thread. */
export function readAtOf(file: Pick<StoredFile, 'readNow'>): ReadAt {
  return (position, length) => {
    const bytes = new Uint8Array(length);
    file.readNow(bytes, 0, length, position);
    return bytes;
  };
}

/**
 * Returns the position of the first probable record start in `[from, to)` of a file, or -1 if there
 * is none. The result depends only on the file and the arguments.
 * @param from a multiple of four
 * @param size size of the file
 */
export async function findBoundary(
  finder: BoundaryFinder,
  read: ReadAt,
  from: number,
  to: number,
  size: number,
): Promise<number> {
  // Windows overlap, so that each header lies in one of them.
  const step = WINDOW_BYTES - (finder.headBytes + (-finder.headBytes & 3));
  for (let at = from; at < to; at += step) {
    const window = await read(at, Math.min(WINDOW_BYTES, size - at));
    for (let i = finder.find(window, 0); i >= 0; i = finder.find(window, i + 1)) {
      if (at + i >= to) return -1;
      if (await headersFollow(finder, read, window, at, at + i, size)) return at + i;
    }
  }
  return -1;
}

/**
 * Reports whether the record that probably starts at `position` leads to other headers, or to the
 * end of the file.
 * @param window bytes of the file from `at`
 */
async function headersFollow(
  { headBytes, frameBytes }: BoundaryFinder,
  read: ReadAt,
  window: Uint8Array,
  at: number,
  position: number,
  size: number,
): Promise<boolean> {
  if (frameBytes === undefined) return true;
  let next = position;
  for (let seen = 0; seen <= HEADERS_AFTER && next !== size; seen++) {
    const end = next + headBytes;
    if (end > size) return false;
    const inside = end <= at + window.length;
    const head = inside ? window.subarray(next - at, end - at) : await read(next, headBytes);
    const frame = frameBytes(head);
    if (frame === 0) return false;
    next += frame;
  }
  return true;
}
