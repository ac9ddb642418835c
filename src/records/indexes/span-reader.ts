import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import type { FrameReader } from '../../formats/record-format.ts';
import type { StoredFile } from '../../storage/storage.ts';
import type { FrameTable } from './frame-table.ts';

/** Records that are read together: the positions `from` to `to` of an ascending list, which lie in `bytes` bytes from `start` on. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** Where the first of them begins. */
  readonly first: number;
  readonly start: number;
  readonly bytes: number;
  /** Bytes of them that belong to records asked for. */
  readonly used: number;
}

/**
 * Cuts an ascending list of records into spans: neighbours go together where at most `maxGap` bytes lie between them, as long as the span does not
 * get longer than `maxBytes`; a longer record is a span of its own.
 * @param before bytes in front of each frame that are read as well
 */
export function* spansOf(
  table: FrameTable,
  ascending: ArrayLike<number>,
  before: number,
  maxGap: number,
  maxBytes: number,
): Generator<Span, void, undefined> {
  const { length } = ascending;
  // Each position is looked up once: that is 30 ns, for records that lie apart as much as all else here.
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

/** The places of a list in the order of its numbers; undefined where these ascend already. */
export function ascendingOrder(numbers: ArrayLike<number>): Uint32Array | undefined {
  const { length } = numbers;
  let sorted = true;
  for (let i = 1; i < length && sorted; i++) sorted = numbers[i - 1] <= numbers[i];
  if (sorted) return undefined;
  if (length > 2 ** 20)
    return Uint32Array.from({ length }, (_, i) => i).sort((a, b) => numbers[a] - numbers[b] || a - b);
  // Number and place in one: sorted without calls, in a third of the time.
  const keys = Float64Array.from(numbers, (number, i) => number * 2 ** 20 + i).sort();
  return Uint32Array.from(keys, (key) => key % 2 ** 20);
}

/** Small frames share memory: half the time of memory for each. What is kept of one keeps these many bytes alive. */
const SLAB_BYTES = 16 * 1024;
const SMALL_BYTES = 2 * 1024;

/** Hands out memory that is never handed out again. */
export class Slabs {
  /** Where the memory taken last lies. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  #free = 0;
  #slab: Uint8Array = new Uint8Array(0);

  /** Takes `length` bytes: `bytes[at, at + length)`. */
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

/** Memory of its own, not set to zeros: it is read into at once. */
export function fresh(length: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, 0, length);
}

/** How records are read by their places. */
export interface SpanReading {
  /** Whether spans of up to `MAX_BLOCKING_BYTES` are read on the calling thread. */
  readonly blocking: boolean;
  /** The most bytes between two records that are read together. */
  readonly maxGapBytes: number;
  /** The most bytes of one read, and reads under way at once, where the calling thread does not read. */
  readonly maxSpanBytes: number;
  readonly lanes: number;
}

/** Told of each record, in the order of the file. @param at its place in the list of those asked for */
export interface Taker {
  take(at: number, payload: Uint8Array): void;
  fail(at: number, error: unknown): void;
}

/** A read of this size takes 20 microseconds from the page cache, as long as asking another thread. */
export const MAX_BLOCKING_BYTES: number = 256 * 1024;
/** What the host's threads are asked for: larger reads gain nothing more, and there are four of them. */
export const LOCAL_SPANS: Pick<SpanReading, 'maxSpanBytes' | 'lanes'> = {
  maxSpanBytes: 1024 * 1024,
  lanes: 4,
};

/** Reads frames of a file by a table of them, and checks each. */
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

  /** Whether reading this record may hold up the thread. */
  readsNow(record: number): boolean {
    return this.#reading.blocking && this.#table.frameBytes(record) <= MAX_BLOCKING_BYTES;
  }

  /** One record, read on this thread. */
  readNow(record: number): Uint8Array {
    const slabs = this.#slabs;
    const start = this.#table.start(record);
    const before = Math.min(start, this.#frames.before);
    const bytes = this.#table.frameBytes(record);
    slabs.take(before + bytes);
    this.#file.readNow(slabs.bytes, slabs.at, before + bytes, start - before);
    return this.#frames.payload(slabs.bytes, slabs.at + before, bytes, record, start);
  }

  /** Reads records, each once however often it is asked for. Records that lie near each other are read together. */
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
        // Where less than half is wanted, keeping a record would keep too much alive.
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

  /** @param shift index in `bytes` of the file's first byte, were it there */
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
