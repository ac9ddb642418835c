import { isRecordpipeError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';
import type { ReadStats } from '../../formats/corruption.ts';
import type { RecordDecoder } from '../../formats/record-format.ts';

/**
 * TFRecord as `sagemaker_tensorflow` reads it: a last record of which bytes are missing is one whose checksum is wrong, so that a budget for corrupted records
 * covers it, and the stream then ends without a word.
 */
export class SageMakerTFRecordDecoder implements RecordDecoder {
  readonly #strict: RecordDecoder;
  readonly #budget: number;
  /** Corrupted records before the last good one. */
  #corruptedBefore = 0;
  #ended = false;

  /** @param budget corrupted records in a row that are skipped */
  constructor(strict: RecordDecoder, budget: number) {
    this.#strict = strict;
    this.#budget = budget;
  }

  get stats(): ReadStats {
    return this.#strict.stats;
  }

  get ended(): boolean {
    return this.#ended || this.#strict.ended;
  }

  get place(): RecordDecoder['place'] {
    return this.#strict.place;
  }

  push(chunk: Uint8Array): void {
    this.#strict.push(chunk);
  }

  end(): void {
    this.#strict.end();
  }

  next(): RecordBatch | null {
    try {
      const batch = this.#strict.next();
      if (batch !== null) this.#corruptedBefore = this.stats.corrupted;
      return batch;
    } catch (error) {
      const inARow = this.stats.corrupted - this.#corruptedBefore;
      if (!isRecordpipeError(error, 'truncated-record') || inARow >= this.#budget) throw error;
      this.stats.corrupted++;
      this.#ended = true;
      return null;
    }
  }
}
