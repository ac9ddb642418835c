import { ByteWindow } from '../bytes/window.ts';
import type { ErrorPlace } from '../errors.ts';
import type { ReadStats } from './corruption.ts';
import type { DecoderSource } from './record-format.ts';

/**
 * The position of a decoder: the unread bytes that have arrived, and the number of the next record.
 */
export class RecordCursor {
  readonly window: ByteWindow;
  readonly stats: ReadStats;
  /** Number of the next record. A skipped corrupt region counts as one record. */
  record: number;
  /** Whether the last chunk has arrived. */
  final = false;
  readonly #source: DecoderSource;

  constructor(source: DecoderSource, stats: ReadStats, reuse = false) {
    this.#source = source;
    this.stats = stats;
    this.window = new ByteWindow(reuse);
    this.window.base = source.start?.offset ?? 0;
    this.record = source.start?.record ?? 0;
  }

  /**
   * Returns a position in the stream in the form used by errors. By default, this is the start of
   * the window.
   */
  place(offset: number = this.window.position): ErrorPlace {
    const { uri, compressed } = this.#source;
    return { uri, compressed, record: this.record, offset };
  }

  /**
   * Number of bytes from the window's position to the end of the stream; infinite if it is unknown,
   * or if all bytes have been pushed.
   */
  get streamHas(): number {
    const { size } = this.#source;
    if (size === undefined || this.final) return Number.POSITIVE_INFINITY;
    return Math.max(size() - this.window.position, this.window.unread);
  }

  /** Adds valid records to the statistics. */
  count(records: number, payloadBytes: number): void {
    this.record += records;
    this.stats.records += records;
    this.stats.payloadBytes += payloadBytes;
  }

  /**
   * Counts zero bytes as trailing bytes. Returns true if another byte follows them.
   * @param keep number of trailing bytes that remain unread until the stream ends, because a header
   *   may begin in them
   */
  countTrailingZeros(keep: number): boolean {
    const { window, stats } = this;
    while (window.advance()) {
      if (keep > 0) window.join();
      const { bytes, at, end } = window;
      if (!allZero(bytes, at, end)) return true;
      const kept = this.final ? 0 : Math.min(keep, end - at);
      stats.trailingBytes += end - kept - at;
      window.at = end - kept;
      if (kept > 0) return false;
    }
    return false;
  }

  /** Counts trailing bytes as skipped, because they turned out to be damage. */
  skipTrailing(): void {
    this.stats.skippedBytes += this.stats.trailingBytes;
    this.stats.trailingBytes = 0;
  }

  /** Skips bytes that do not belong to a record. */
  skip(bytes: number): void {
    this.window.at += bytes;
    this.stats.skippedBytes += bytes;
  }
}

/** Reports whether `bytes[from, to)` are all zero. */
export function allZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
