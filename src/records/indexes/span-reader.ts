import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import type { FrameReader } from '../../formats/record-format.ts';
import type { StoredFile } from '../../storage/storage.ts';
import type { FrameTable } from './frame-table.ts';

/**
 * Records that are read together: the entries from `from` up to, but not including, `to` of an
 * ascending list.
 */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** Position of the first record. */
  readonly first: number;
  /** Position of the first byte to read. */
  readonly start: number;
  readonly bytes: number;
  /** Number of bytes that belong to requested records. */
  readonly used: number;
}

/**
 * Divides an ascending list of records into spans. Neighbors with at most `maxGap` bytes between
 * them share a span of up to `maxBytes`; a longer record forms its own span.
 * @param before number of bytes before each frame that are also read
 */
export function* spansOf(
  table: FrameTable,
  ascending: ArrayLike<number>,
  before: number,
  maxGap: number,
  maxBytes: number,
): Generator<Span, void, undefined> {
  const { length } = ascending;
  // Look up each position only once, because a lookup takes 30 ns, as long as the rest of an
  // iteration.
  let first = length > 0 ? table.start(ascending[0]) : 0;
  for (let from = 0; from < length; ) {
    let record = ascending[from];
    const start = Math.max(0, first - before);
    let used = table.frameBytes(record);
    let end = first + used;
    let at = end;
    let to = from + 1;
    for (; to < length; to++) {
      const next = ascending[to];
      if (next === record) continue;
      at = next === record + 1 ? end : table.start(next);
      const bytes = table.frameBytes(next);
      if (at - end > maxGap || at + bytes - start > maxBytes) break;
      used += bytes;
      end = at + bytes;
      record = next;
    }
    yield { from, to, first, start, bytes: end - start, used };
    from = to;
    first = at;
  }
}

/**
 * Returns the indices of a list in the order of its numbers, or undefined if the numbers already
 * ascend.
 */
export function ascendingOrder(numbers: ArrayLike<number>): Uint32Array | undefined {
  const { length } = numbers;
  let sorted = true;
  for (let i = 1; i < length && sorted; i++) sorted = numbers[i - 1] <= numbers[i];
  if (sorted) return undefined;
  if (length > 2 ** 20)
    return Uint32Array.from({ length }, (_, i) => i).sort((a, b) => numbers[a] - numbers[b] || a - b);
  // Sorting numbers that include the index needs no callback and takes a third of the time.
  const keys = Float64Array.from(numbers, (number, i) => number * 2 ** 20 + i).sort();
  return Uint32Array.from(keys, (key) => key % 2 ** 20);
}

/**
 * Size of an allocation shared by small frames. Sharing halves the time compared with one
 * allocation per frame, but a frame that the caller keeps retains this many bytes.
 */
const SLAB_BYTES = 16 * 1024;
const SMALL_BYTES = 2 * 1024;

/** Allocates memory for frames. */
export class Slabs {
  /** Memory of the last allocation, which is `bytes[at, at + length)`. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  #free = 0;
  #slab: Uint8Array = new Uint8Array(0);

  /** Allocates `length` bytes, which are `bytes[at, at + length)`. */
  take(length: number): void {
    if (length > SMALL_BYTES) {
      this.bytes = fresh(length);
      this.at = 0;
      return;
    }
    if (this.#free + length > this.#slab.length) {
      this.#slab = fresh(SLAB_BYTES);
      this.#free = 0;
    }
    this.bytes = this.#slab;
    this.at = this.#free;
    this.#free += length;
  }
}

/** Returns a separate allocation that is not zeroed, for an immediate read. */
export function fresh(length: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, 0, length);
}

/** How to read records by their positions. */
export interface SpanReading {
  /** Whether spans of up to `MAX_BLOCKING_BYTES` are read on the calling thread. */
  readonly blocking: boolean;
  /** Maximum number of bytes between two records that are read together. */
  readonly maxGapBytes: number;
  /** Maximum size of a read that does not run on the calling thread. */
  readonly maxSpanBytes: number;
  /** Maximum number of such reads in parallel. */
  readonly lanes: number;
}

/** Receives records in file order. `at` is the index of the record in the requested list. */
export interface Taker {
  take(at: number, payload: Uint8Array): void;
  fail(at: number, error: unknown): void;
}

/**
 * Maximum size of a read on the calling thread. Such a read takes 20 microseconds from the page
 * cache, as long as a switch to another thread.
 */
export const MAX_BLOCKING_BYTES: number = 256 * 1024;
/** Settings for reads on Node's four I/O threads. Larger reads are not faster. */
export const LOCAL_SPANS: Pick<SpanReading, 'maxSpanBytes' | 'lanes'> = {
  maxSpanBytes: 1024 * 1024,
  lanes: 4,
};

/** Reads frames of a file by their positions and verifies each of them. */
export class SpanReader {
  readonly #file: StoredFile;
  readonly #table: FrameTable;
  readonly #frames: FrameReader;
  readonly #reading: SpanReading;
  readonly #slabs = new Slabs();

  constructor(file: StoredFile, table: FrameTable, frames: FrameReader, reading: SpanReading) {
    this.#file = file;
    this.#table = table;
    this.#frames = frames;
    this.#reading = reading;
  }

  /** Reports whether this record may be read on the calling thread. */
  readsNow(record: number): boolean {
    return this.#reading.blocking && this.#table.frameBytes(record) <= MAX_BLOCKING_BYTES;
  }

  /** Reads one record on the calling thread. */
  readNow(record: number): Uint8Array {
    const slabs = this.#slabs;
    const start = this.#table.start(record);
    const before = Math.min(start, this.#frames.before);
    const bytes = this.#table.frameBytes(record);
    slabs.take(before + bytes);
    this.#file.readNow(slabs.bytes, slabs.at, before + bytes, start - before);
    return this.#frames.payload(slabs.bytes, slabs.at + before, bytes, record, start);
  }

  /**
   * Reads records, each only once even if it is requested several times. Records that are close to
   * each other are read together.
   */
  async readMany(records: ArrayLike<number>, taker: Taker): Promise<void> {
    const order = ascendingOrder(records);
    const ascending = order === undefined ? records : Float64Array.from(order, (at) => records[at]);
    const { maxGapBytes, blocking, maxSpanBytes, lanes } = this.#reading;
    const maxBytes = blocking ? MAX_BLOCKING_BYTES : maxSpanBytes;
    const spans = spansOf(this.#table, ascending, this.#frames.before, maxGapBytes, maxBytes);
    const lane = async (): Promise<void> => {
      const turns = new EventLoopTurns();
      let scratch: Uint8Array | undefined;
      for (const span of spans) {
        const { start, bytes, used } = span;
        // A record that the caller keeps would retain the whole span, so records are copied if they
        // take up less than half of it.
        const sparse = span.to - span.from > 1 && 2 * used < bytes;
        try {
          let target: Uint8Array;
          let at = 0;
          if (sparse) {
            scratch ??= fresh(maxBytes);
            target = scratch;
          } else {
            this.#slabs.take(bytes);
            target = this.#slabs.bytes;
            at = this.#slabs.at;
          }
          if (blocking && bytes <= MAX_BLOCKING_BYTES) this.#file.readNow(target, at, bytes, start);
          else await this.#file.read(target, at, bytes, start);
          this.#take(span, target, at - start, sparse, ascending, order, taker);
        } catch (error) {
          for (let i = span.from; i < span.to; i++) taker.fail(order === undefined ? i : order[i], error);
        }
        if (blocking && turns.due()) await turns.take();
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  /**
   * Delivers the records of a span.
   * @param shift number to add to a position in the file to get an index in `bytes`
   */
  #take(
    { from, to, first }: Span,
    bytes: Uint8Array,
    shift: number,
    copy: boolean,
    ascending: ArrayLike<number>,
    order: Uint32Array | undefined,
    taker: Taker,
  ): void {
    const table = this.#table;
    let record = -1;
    let start = 0;
    let length = 0;
    let payload: Uint8Array | undefined;
    let failure: unknown;
    for (let i = from; i < to; i++) {
      const next = ascending[i];
      const at = order === undefined ? i : order[i];
      if (next !== record) {
        start = i === from ? first : next === record + 1 ? start + length : table.start(next);
        length = table.frameBytes(next);
        record = next;
        payload = undefined;
        try {
          payload = this.#frames.payload(bytes, shift + start, length, record, start);
          if (copy) payload = payload.slice();
        } catch (error) {
          failure = error;
        }
      }
      if (payload === undefined) taker.fail(at, failure);
      else taker.take(at, payload);
    }
  }
}
