import { ByteWindow } from '../bytes/window.ts';
import type { ErrorPlace } from '../errors.ts';
import type { ReadStats } from './corruption.ts';
import type { DecoderSource } from './record-decoder.ts';

/** Where a decoder stands: what has come of the stream and is not yet used, and what came of the rest. */
export class RecordCursor {
  readonly window: ByteWindow = new ByteWindow();
  readonly stats: ReadStats;
  /** Index of the next record. A corrupted place that is passed over counts as one record. */
  record = 0;
  /** Whether no more chunks come. */
  final = false;
  readonly #source: DecoderSource;

  /** @param start position in the stream of the first byte */
  constructor(source: DecoderSource, stats: ReadStats, start: number) {
    this.#source = source;
    this.stats = stats;
    this.window.base = start;
    this.record = source.start?.record ?? 0;
  }

  /** A place in the stream, as errors name it; default: where the window begins. */
  place(offset: number = this.window.position): ErrorPlace {
    const { uri, compressed } = this.#source;
    return { uri, compressed, record: this.record, offset };
  }

  /** Bytes that the stream has from the window's position on, where that is known and not all of them have been pushed; else infinite. */
  get streamHas(): number {
    const { size } = this.#source;
    if (size === undefined || this.final) return Number.POSITIVE_INFINITY;
    return Math.max(size() - this.window.position, this.window.unread);
  }

  /** Counts good records. */
  count(records: number, payloadBytes: number): void {
    this.record += records;
    this.stats.records += records;
    this.stats.payloadBytes += payloadBytes;
  }

  /** Passes over bytes that are no record. */
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
