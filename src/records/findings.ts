import { DATA_ERROR_CODES, isRecordpipeError, type RecordpipeError } from '../errors.ts';

/** Errors found: the first `max` are kept, all are counted. */
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

  /** Damage is a finding; what kept the bytes from being read is thrown. */
  addOrThrow(error: unknown): void {
    if (!isRecordpipeError(error) || !DATA_ERROR_CODES.has(error.code)) throw error;
    this.add(error);
  }
}
