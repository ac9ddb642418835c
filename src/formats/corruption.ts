import type { RecordpipeError } from '../errors.ts';
import type { ReadOptions } from './read-options.ts';

/** What a reader has seen so far. */
export interface ReadStats {
  /** Good records. */
  records: number;
  /** Payload bytes of good records. */
  payloadBytes: number;
  /** Corrupted places passed over. */
  corrupted: number;
  /** Bytes passed over: corrupted records, and what lay before the next good one. */
  skippedBytes: number;
  /** Bytes after the last record that were accepted by the `trailing` option. */
  trailingBytes: number;
  /** Oddities that were accepted and cost no byte of a record: a last RecordIO record without its padding, a last line without its end. */
  warnings: number;
}

export function newReadStats(): ReadStats {
  return { records: 0, payloadBytes: 0, corrupted: 0, skippedBytes: 0, trailingBytes: 0, warnings: 0 };
}

/** The options that say how much damage is passed over. */
export interface Budget extends Pick<ReadOptions, 'recover' | 'maxCorruptedTotal' | 'onCorrupt'> {
  /** Places in a row; default 0. */
  readonly maxCorruptedRecordsToSkip?: number;
}

/** Decides, by the options' budgets, whether a corrupted place is passed over or is the end of the reading. */
export class CorruptionBudget {
  readonly #options: Budget;
  readonly #stats: ReadStats;
  #inARow = 0;

  constructor(options: Budget, stats: ReadStats) {
    this.#options = options;
    this.#stats = stats;
  }

  /** A good record ends a row of corrupted ones. */
  sawGood(): void {
    this.#inARow = 0;
  }

  /** @throws the error itself when the budget does not cover it */
  spend(error: RecordpipeError): void {
    const { recover, maxCorruptedRecordsToSkip = 0, maxCorruptedTotal, onCorrupt } = this.#options;
    const inARow = recover === 'scan' ? Number.POSITIVE_INFINITY : maxCorruptedRecordsToSkip;
    if (this.#inARow >= inARow || this.#stats.corrupted >= maxCorruptedTotal) throw error;
    this.#inARow++;
    this.#stats.corrupted++;
    onCorrupt?.(error);
  }
}
