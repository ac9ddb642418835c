import { EventLoopTurns } from '../bytes/event-loop-turns.ts';
import type { HeaderHop } from '../formats/record-format.ts';
import type { StoredFile } from '../storage/storage.ts';

/** Size above which a frame is hopped over instead of being read. */
const LARGE_BYTES = 64 * 1024;
/** Number of bytes to read for the header after a hop, which is a page. */
const HOP_BYTES = 4 * 1024;
/**
 * Minimum number of bytes that a request must skip to be worthwhile. A request takes 15 to 30 ms,
 * in which a connection of 85 MB/s transfers 1 to 2 MB.
 */
const REQUEST_WORTH_BYTES = 1024 * 1024;
/** Number of requests between two decisions on whether hopping is worthwhile. */
const HOPS_PER_DECISION = 16;

/**
 * A file or object to hop through: a `StoredFile`, or the subset of its interface that hopping
 * needs.
 */
export interface HopSource extends Pick<StoredFile, 'size' | 'readNow' | 'read'> {
  /** Undefined if `readNow` can read at any position; otherwise each `read` is a request. */
  readonly remote: object | undefined;
}

/** Returns the part `[start, end)` of a local file as a source to hop through. */
export function partOf(file: StoredFile, start: number, end: number): HopSource {
  return {
    size: end - start,
    remote: undefined,
    readNow: (target, at, length, position) => file.readNow(target, at, length, start + position),
    read: (target, at, length, position) => file.read(target, at, length, start + position),
  };
}

export interface HopWatch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Walks a whole source from header to header. It verifies every header, and does not read large
 * payloads. Both counting records and building indexes use this loop.
 *
 * @returns false at any irregularity, or if reading all of a remote source is faster; the caller
 *   must then scan, which handles all cases
 * @throws RecordpipeError `aborted`, or the same errors as `source.read`
 */
export async function hopHeaders(source: HopSource, hop: HeaderHop, watch: HopWatch): Promise<boolean> {
  const { size, remote } = source;
  const blockBytes = hop.block.length;
  const turns = new EventLoopTurns(watch.signal);
  const worth = remote && new HopWorth();
  let at = 0;
  for (let needed = blockBytes; at < size; ) {
    const have = Math.min(needed, size - at);
    if (remote) await source.read(hop.block, 0, have, at);
    else source.readNow(hop.block, 0, have, at);
    if (!hop.walk(have)) return false;
    const { position, frame } = hop;
    at += position;
    if (frame > LARGE_BYTES) {
      hop.hop();
      at += frame;
      needed = HOP_BYTES;
    } else if (position > 0 || needed < blockBytes) {
      needed = blockBytes;
    } else {
      return false; // A full block contains no whole record, so the source ends within a record.
    }
    if (worth?.isWorth(frame > LARGE_BYTES ? position + frame : position, at, size) === false) return false;
    if (remote) watch.onProgress?.(Math.min(at, size));
    if (turns.due()) {
      await turns.take();
      watch.onProgress?.(Math.min(at, size));
    }
  }
  return at === size && hop.mayEnd;
}

/**
 * Decides whether hopping through an object, with one request per header, is faster than reading
 * all of it. Hops are sequential, whereas a whole object is read over several connections.
 */
class HopWorth {
  #hops = 0;
  #bytes = 0;

  /**
   * Reports whether the first hop, or the most recent hops on average, advanced far enough to be
   * worth a request.
   */
  isWorth(bytes: number, at: number, size: number): boolean {
    if (at >= size) return true;
    this.#hops++;
    this.#bytes += bytes;
    if (at !== bytes && this.#hops < HOPS_PER_DECISION) return true;
    const worth = this.#bytes >= REQUEST_WORTH_BYTES * this.#hops;
    this.#hops = 0;
    this.#bytes = 0;
    return worth;
  }
}
