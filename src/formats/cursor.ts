import { ByteWindow } from '../bytes/window.ts';
import type { ErrorPlace } from '../errors.ts';
import type { ReadStats } from './corruption.ts';
import type { DecoderSource } from './record-format.ts';

/** The position of a decoder: the bytes that have arrived and are unread, and the number of the next record. */
export class RecordCursor {
  readonly window: ByteWindow;
  readonly stats: ReadStats;
  /** Number of the next record. A corrupt place that is skipped counts as one record. */
  record: number;
  /** Whether no more chunks follow. */
  final = false;
  readonly #source: DecoderSource;

  constructor(source: DecoderSource, stats: ReadStats, reuse = false) {
    this.#source = source;
    this.stats = stats;
    this.window = new ByteWindow(reuse);
    this.window.base = source.start?.offset ?? 0;
    this.record = source.start?.record ?? 0;
  }

  /** A place in the stream, as errors name it; default: where the window begins. */
  place(offset: number = this.window.position): ErrorPlace {
    const { uri, compressed } = this.#source;
    return { uri, compressed, record: this.record, offset };
  }

  /** Bytes that the stream has from the window's position on; infinite if unknown, or if all have been pushed. */
  get streamHas(): number {
    const { size } = this.#source;
    if (size === undefined || this.final) return Number.POSITIVE_INFINITY;
    return Math.max(size() - this.window.position, this.window.unread);
  }

  /** Counts valid records. */
  count(records: number, payloadBytes: number): void {
    this.record += records;
    this.stats.records += records;
    this.stats.payloadBytes += payloadBytes;
  }

  /** Skips bytes that belong to no record. */
  skip(bytes: number): void {
    this.window.at += bytes;
    this.stats.skippedBytes += bytes;
  }
}

/** Whether `bytes[from, to)` are all zero. */
export function allZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
