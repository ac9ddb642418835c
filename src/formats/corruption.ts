import {
  DATA_ERROR_CODES,
  type ErrorPlace,
  isRecordpipeError,
  RecordpipeError,
  sentenceOf,
  UsageError,
} from '../errors.ts';
import type { CodecOptions } from './codec-options.ts';

/** What a reader has read so far. */
export interface ReadStats {
  /** Valid records. */
  records: number;
  /** Payload bytes of valid records. */
  payloadBytes: number;
  /** Corrupt places that were skipped. */
  corrupted: number;
  /** Bytes that were skipped: corrupt records, and everything up to the next valid one. */
  skippedBytes: number;
  /** Bytes after the last record that the `trailing` option accepted. */
  trailingBytes: number;
  /**
   * Accepted oddities that cost no byte of a record: a last RecordIO record without its padding, a
   * last line without a delimiter.
   */
  warnings: number;
}

export function newReadStats(): ReadStats {
  return { records: 0, payloadBytes: 0, corrupted: 0, skippedBytes: 0, trailingBytes: 0, warnings: 0 };
}

/** The options that limit how much damage is skipped. */
export interface Budget extends Pick<CodecOptions, 'recover' | 'maxCorruptedTotal' | 'onCorrupt'> {
  /** Maximum number of places in a row. Default 0. */
  readonly maxCorruptedRecordsToSkip?: number;
}

/** Decides whether a corrupt place is skipped or ends the reading. */
export class CorruptionBudget {
  readonly #options: Budget;
  readonly #stats: ReadStats;
  #inARow = 0;

  constructor(options: Budget, stats: ReadStats) {
    this.#options = options;
    this.#stats = stats;
  }

  /** Returns a valid record ends a row of corrupt ones. */
  sawGood(): void {
    this.#inARow = 0;
  }

  /** @throws the error itself if the budget does not cover it */
  spend(error: RecordpipeError): void {
    const { recover, maxCorruptedRecordsToSkip = 0, maxCorruptedTotal, onCorrupt } = this.#options;
    const inARow = recover === 'scan' ? Number.POSITIVE_INFINITY : maxCorruptedRecordsToSkip;
    if (this.#inARow >= inARow || this.#stats.corrupted >= maxCorruptedTotal) throw error;
    this.#inARow++;
    this.#stats.corrupted++;
    onCorrupt?.(error);
  }
}

/** The errors that a scan found: the first `max` are kept, all are counted. */
export class Findings {
  readonly first: RecordpipeError[] = [];
  count = 0;
  readonly #max: number;
  readonly #onFinding: ((error: RecordpipeError) => void) | undefined;

  /** @param onFinding called with each error that is kept */
  constructor(max: number, onFinding?: (error: RecordpipeError) => void) {
    this.#max = max;
    this.#onFinding = onFinding;
  }

  add(error: RecordpipeError): void {
    this.count++;
    if (this.first.length >= this.#max) return;
    this.first.push(error);
    this.#onFinding?.(error);
  }

  /** Adds damage, and throws any other error: it prevents reading. */
  addOrThrow(error: unknown): void {
    if (!isRecordpipeError(error) || !DATA_ERROR_CODES.has(error.code)) throw error;
    this.add(error);
  }
}

/**
 * `error` with the place that it lacks: a failing source does not know which record was being read.
 */
export function placed(error: unknown, place: ErrorPlace): unknown {
  if (!isRecordpipeError(error) || error instanceof UsageError || error.record !== undefined) return error;
  // A failure before the first record concerns the source as a whole.
  if (error.uri !== undefined && !(place.offset && place.offset > 0)) return error;
  const { code, cause } = error;
  return new RecordpipeError(code, sentenceOf(error), { ...place, uri: error.uri ?? place.uri }, cause);
}
