import { readU32 } from '../../../bytes/binary-data.ts';
import type { FormatName } from '../../../formats/names/index.ts';
import {
  LAST,
  PART_HEADER_BYTES,
  partBytes,
  partFlag,
  partLength,
  RECORDIO_MAGIC,
  WHOLE,
} from '../../../formats/recordio/layout.ts';
import { HEADER_BYTES, hasHeader, OVERHEAD_BYTES } from '../../../formats/tfrecord/layout.ts';

/** Options for finding the ends of records. */
export interface BoundarySearch {
  /** Position of the first byte, and the number of records before it. */
  readonly start: { readonly bytes: number; readonly records: number };
  /** Number of records after which to stop. */
  readonly limit?: number | undefined;
  /** Minimum distance in bytes between calls of `onBoundary`. */
  readonly every?: number | undefined;
  /** Called when a record ends, with the position after it and the number of records so far. */
  readonly onBoundary?: ((end: number, records: number) => void) | undefined;
}

/**
 * Finds where records end in the bytes of an epoch, in constant memory. Only headers are inspected.
 * At bytes that are not a record, it stops: later ends are unknown.
 */
export abstract class RecordBoundaries {
  /** Position after the last record found. The bytes before it may not have been pushed yet. */
  end: number;
  /** Number of records before `end`. */
  records: number;
  /** Number of bytes before the next byte to push. */
  protected pushed: number;
  readonly #limit: number;
  readonly #step: number;
  readonly #onBoundary: NonNullable<BoundarySearch['onBoundary']>;
  #due: number;

  constructor({ start, limit = Number.POSITIVE_INFINITY, every = 0, onBoundary = () => {} }: BoundarySearch) {
    this.end = start.bytes;
    this.pushed = start.bytes;
    this.records = start.records;
    this.#limit = limit;
    this.#step = every;
    this.#due = start.bytes + every;
    this.#onBoundary = onBoundary;
  }

  /** Inspects the next chunk, which may be overwritten afterwards. */
  abstract push(chunk: Uint8Array): void;

  /** Marks the end of the epoch, which ends an unfinished line. */
  finish(): void {}

  /** Whether no more ends will be found. */
  get done(): boolean {
    return this.records >= this.#limit;
  }

  protected found(end: number): void {
    this.end = end;
    this.records++;
    if (end < this.#due) return;
    this.#due = end + this.#step;
    this.#onBoundary(end, this.records);
  }
}

/** Returns an object that finds the ends of records of a format. */
export function recordBoundaries(format: FormatName, search: BoundarySearch): RecordBoundaries {
  if (format === 'textline') return new LineEnds(search);
  return format === 'tfrecord'
    ? new FrameEnds(search, HEADER_BYTES, tfrecordBytes, () => true)
    : new FrameEnds(search, PART_HEADER_BYTES, recordIOPartBytes, endsRecord);
}

const LINE_FEED = 10;

class LineEnds extends RecordBoundaries {
  push(chunk: Uint8Array): void {
    for (let at = 0; !this.done; ) {
      at = chunk.indexOf(LINE_FEED, at) + 1;
      if (at === 0) break;
      this.found(this.pushed + at);
    }
    this.pushed += chunk.length;
  }

  override finish(): void {
    if (this.end < this.pushed && !this.done) this.found(this.pushed);
  }
}

/** Follows frames from header to header. */
class FrameEnds extends RecordBoundaries {
  readonly #frameBytes: (bytes: Uint8Array, at: number) => number;
  readonly #ends: (bytes: Uint8Array, at: number) => boolean;
  /** A header that spans chunks. */
  readonly #head: Uint8Array;
  #have = 0;
  /** Position of the next header. */
  #next: number;
  #isLost = false;

  /**
   * @param frameBytes returns the size of the frame whose header is at `at`, or 0 if there is none
   * @param ends whether a record ends with that frame
   */
  constructor(
    search: BoundarySearch,
    headBytes: number,
    frameBytes: (bytes: Uint8Array, at: number) => number,
    ends: (bytes: Uint8Array, at: number) => boolean,
  ) {
    super(search);
    this.#head = new Uint8Array(headBytes);
    this.#frameBytes = frameBytes;
    this.#ends = ends;
    this.#next = this.end;
  }

  push(chunk: Uint8Array): void {
    const head = this.#head;
    const base = this.pushed;
    this.pushed += chunk.length;
    while (!this.done && !this.#isLost) {
      if (this.#have > 0) {
        const taken = Math.min(head.length - this.#have, chunk.length);
        head.set(chunk.subarray(0, taken), this.#have);
        this.#have += taken;
        if (this.#have < head.length) return;
        this.#have = 0;
        this.#follow(head, 0);
        continue;
      }
      const at = this.#next - base;
      if (at >= chunk.length) return;
      if (at + head.length > chunk.length) {
        head.set(chunk.subarray(at));
        this.#have = chunk.length - at;
        return;
      }
      this.#follow(chunk, at);
    }
  }

  #follow(bytes: Uint8Array, at: number): void {
    const frame = this.#frameBytes(bytes, at);
    this.#isLost = frame === 0;
    this.#next += frame;
    if (frame > 0 && this.#ends(bytes, at)) this.found(this.#next);
  }
}

function tfrecordBytes(bytes: Uint8Array, at: number): number {
  if (!hasHeader(bytes, at)) return 0;
  return readU32(bytes, at) + 2 ** 32 * readU32(bytes, at + 4) + OVERHEAD_BYTES;
}

function recordIOPartBytes(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) === RECORDIO_MAGIC ? partBytes(partLength(readU32(bytes, at + 4))) : 0;
}

function endsRecord(bytes: Uint8Array, at: number): boolean {
  const flag = partFlag(readU32(bytes, at + 4));
  return flag === WHOLE || flag === LAST;
}
