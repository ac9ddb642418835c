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
  /** Minimum distance in bytes between calls to `onBoundary`. */
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

  /** Whether the next end is far enough from the last one that was reported. */
  protected get isDue(): boolean {
    return this.end >= this.#due;
  }

  /** Reports the last end found. */
  protected report(): void {
    this.#due = this.end + this.#step;
    this.#onBoundary(this.end, this.records);
  }
}

/** Returns an object that finds the ends of records of a format. */
export function recordBoundaries(format: FormatName, search: BoundarySearch): RecordBoundaries {
  if (format === 'textline') return new LineEnds(search);
  return new FrameEnds(search, format === 'tfrecord' ? TFRECORD : RECORDIO);
}

const LINE_FEED = 10;

class LineEnds extends RecordBoundaries {
  push(chunk: Uint8Array): void {
    for (let at = 0; !this.done; ) {
      at = chunk.indexOf(LINE_FEED, at) + 1;
      if (at === 0) break;
      this.#found(this.pushed + at);
    }
    this.pushed += chunk.length;
  }

  #found(end: number): void {
    this.end = end;
    this.records++;
    if (this.isDue) this.report();
  }

  override finish(): void {
    if (this.end < this.pushed && !this.done) this.#found(this.pushed);
  }
}

/** The layout of the frames of a format. */
interface FrameLayout {
  readonly headBytes: number;
  /** Reports whether a header is valid. It may take longer than `frameBytes`. */
  isHeader(bytes: Uint8Array, at: number): boolean;
  /** Returns the size of the frame whose header is at `at`. */
  frameBytes(bytes: Uint8Array, at: number): number;
  /** Reports whether a record ends with that frame. */
  endsRecord(bytes: Uint8Array, at: number): boolean;
}

const TFRECORD: FrameLayout = {
  headBytes: HEADER_BYTES,
  isHeader: hasHeader,
  frameBytes: (bytes, at) => readU32(bytes, at) + 2 ** 32 * readU32(bytes, at + 4) + OVERHEAD_BYTES,
  endsRecord: () => true,
};

const RECORDIO: FrameLayout = {
  headBytes: PART_HEADER_BYTES,
  isHeader: (bytes, at) => readU32(bytes, at) === RECORDIO_MAGIC,
  frameBytes: (bytes, at) => partBytes(partLength(readU32(bytes, at + 4))),
  endsRecord(bytes, at) {
    const flag = partFlag(readU32(bytes, at + 4));
    return flag === WHOLE || flag === LAST;
  },
};

/**
 * Follows frames from header to header. Verifies each header after an end that is reported: if a
 * length was wrong, the next bytes are not a header.
 */
class FrameEnds extends RecordBoundaries {
  readonly #layout: FrameLayout;
  /** A header that spans chunks. */
  readonly #head: Uint8Array;
  #have = 0;
  /** Position of the next header. */
  #next: number;
  #isLost = false;

  constructor(search: BoundarySearch, layout: FrameLayout) {
    super(search);
    this.#layout = layout;
    this.#head = new Uint8Array(layout.headBytes);
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
    const layout = this.#layout;
    if (this.isDue) {
      this.#isLost = !layout.isHeader(bytes, at);
      if (this.#isLost) return;
      if (this.#next === this.end) this.report();
    }
    this.#next += layout.frameBytes(bytes, at);
    if (!layout.endsRecord(bytes, at)) return;
    this.end = this.#next;
    this.records++;
  }
}
