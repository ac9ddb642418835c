import type { ErrorJson, RecordpipeError } from '../errors.ts';

/** Maximum number of errors that a result lists. */
const MAX_FINDINGS = 100;

/** Counts skipped records, up to a maximum, and keeps the first errors. */
export class SkippedRecords {
  count = 0;
  readonly findings: ErrorJson[] = [];
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
      if (this.findings.length < MAX_FINDINGS) this.findings.push(error.toJSON());
      this.#onSkipped?.(error);
    };
  }
}
