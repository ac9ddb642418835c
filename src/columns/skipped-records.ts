import type { RecordpipeError } from '../errors.ts';

/** Counts skipped records, up to a maximum. */
export class SkippedRecords {
  count = 0;
  readonly #max: number;
  readonly #onSkipped: ((error: RecordpipeError) => void) | undefined;

  constructor(max: number, onSkipped: ((error: RecordpipeError) => void) | undefined) {
    this.#max = max;
    this.#onSkipped = onSkipped;
  }

  /** Counts a record, or throws its error. Undefined if no record may be skipped. */
  get skip(): ((error: RecordpipeError) => void) | undefined {
    if (this.#max === 0) return undefined;
    return (error) => {
      if (this.count >= this.#max) throw error;
      this.count++;
      this.#onSkipped?.(error);
    };
  }
}
