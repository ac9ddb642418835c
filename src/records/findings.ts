import { DATA_ERROR_CODES, isRecordpipeError, type RecordpipeError } from '../errors.ts';

/** Errors found: the first are kept, all are counted. */
export class Findings {
  readonly first: RecordpipeError[] = [];
  count = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(error: RecordpipeError): void {
    if (this.first.length < this.#most) this.first.push(error);
    this.count++;
  }

  /** Damage is a finding; what kept the bytes from being read is thrown. */
  addOrThrow(error: unknown): void {
    if (!isRecordpipeError(error) || !DATA_ERROR_CODES.has(error.code)) throw error;
    this.add(error);
  }
}
