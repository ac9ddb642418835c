import {
  DATA_ERROR_CODES,
  type ErrorPlace,
  isRecordpipeError,
  RecordpipeError,
  sentenceOf,
  UsageError,
} from '../errors.ts';
import type { CodecOptions } from './codec-options.ts';

/** Statistics of the data that a reader has read so far. */
export interface ReadStats {
  /** Number of valid records. */
  records: number;
  /** Total payload size of valid records, in bytes. */
  payloadBytes: number;
  /** Number of skipped corrupt regions. */
  corrupted: number;
  /** Number of skipped bytes: corrupt records and everything up to the next valid record. */
  skippedBytes: number;
  /** Number of bytes after the last record that the `trailing` option accepted. */
  trailingBytes: number;
  /**
   * Number of accepted irregularities that lose no data: a last RecordIO record without padding, or
   * a last line without a delimiter.
   */
  warnings: number;
}

export function newReadStats(): ReadStats {
  return { records: 0, payloadBytes: 0, corrupted: 0, skippedBytes: 0, trailingBytes: 0, warnings: 0 };
}

/** Options that limit how much corruption is skipped. */
export interface Budget extends Pick<CodecOptions, 'recover' | 'maxCorruptedTotal' | 'onCorrupt'> {
  /** Maximum number of consecutive corrupt regions to skip. Default 0. */
  readonly maxCorruptedRecordsToSkip?: number;
}

/** Decides whether to skip a corrupt region or to stop reading. */
export class CorruptionBudget {
  readonly #options: Budget;
  readonly #stats: ReadStats;
  #inARow = 0;

  constructor(options: Budget, stats: ReadStats) {
    this.#options = options;
    this.#stats = stats;
  }

  /** Resets the count of consecutive corrupt regions after a valid record. */
  sawGood(): void {
    this.#inARow = 0;
  }

  /**
   * Counts a skipped corrupt region.
   * @throws the error itself if the budget is exhausted
   */
  spend(error: RecordpipeError): void {
    const { recover, maxCorruptedRecordsToSkip = 0, maxCorruptedTotal, onCorrupt } = this.#options;
    const inARow = recover === 'scan' ? Number.POSITIVE_INFINITY : maxCorruptedRecordsToSkip;
    if (this.#inARow >= inARow || this.#stats.corrupted >= maxCorruptedTotal) throw error;
    this.#inARow++;
    this.#stats.corrupted++;
    onCorrupt?.(error);
  }
}

/** Collects the errors found by a scan. It keeps the first `max` errors and counts all of them. */
export class Findings {
  readonly first: RecordpipeError[] = [];
  last: RecordpipeError | undefined;
  /** The finding that ended the scan. */
  end: RecordpipeError | undefined;
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
    this.last = error;
    if (this.first.length >= this.#max) return;
    this.first.push(error);
    this.#onFinding?.(error);
  }

  /**
   * Adds the error that ended the scan if it reports damage. Rethrows any other error, because it
   * prevents reading.
   */
  addOrThrow(error: unknown): void {
    if (!isRecordpipeError(error) || !DATA_ERROR_CODES.has(error.code)) throw error;
    this.end = error;
    this.add(error);
  }
}

/**
 * Adds the missing position to an error. A failing source does not know which record was being
 * read.
 */
export function placed(error: unknown, place: ErrorPlace): unknown {
  if (!isRecordpipeError(error) || error instanceof UsageError || error.record !== undefined) return error;
  // A failure before the first record concerns the source as a whole.
  if (error.uri !== undefined && !(place.offset && place.offset > 0)) return error;
  const { code, cause } = error;
  return new RecordpipeError(code, sentenceOf(error), { ...place, uri: error.uri ?? place.uri }, cause);
}
