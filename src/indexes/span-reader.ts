import type { DataFile } from './data-file.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameTable } from './frame-table.ts';
import { fresh, Slabs } from './slabs.ts';
import { ascendingOrder, type Span, spansOf } from './span-plan.ts';
import { Turns } from './turns.ts';

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
  readonly #file: DataFile;
  readonly #table: FrameTable;
  readonly #frames: FrameReader;
  readonly #reading: SpanReading;
  readonly #slabs = new Slabs();

  constructor(file: DataFile, table: FrameTable, frames: FrameReader, reading: SpanReading) {
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
      const turns = new Turns();
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
        if (blocking && turns.due) await turns.take(0);
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
