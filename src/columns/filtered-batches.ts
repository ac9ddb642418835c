import { isItemFailure, type RecordpipeError } from '../errors.ts';
import type { RecordFilter } from '../messages/filter/record-filter.ts';
import type { SourceBatch } from './column-batches.ts';

/**
 * Yields the records that pass a filter: one batch for each run of consecutive ones, so that they
 * keep their numbers.
 *
 * @param onSkipped called for a record that cannot be tested, which is then skipped; without it, the
 *   error ends the batches
 */
export async function* filteredBatches(
  source: AsyncIterable<SourceBatch>,
  filter: RecordFilter,
  onSkipped: ((error: RecordpipeError) => void) | undefined,
): AsyncGenerator<SourceBatch, void, undefined> {
  for await (const { batch, place } of source) {
    const { length } = batch;
    let from = -1;
    for (let i = 0; i <= length; i++) {
      let failure: unknown;
      let passes = false;
      try {
        passes = i < length && filter.matchesIn(batch, i, place);
      } catch (error) {
        failure = error;
      }
      if (passes) {
        if (from < 0) from = i;
        continue;
      }
      if (from >= 0) yield { batch: batch.slice(from, i), place };
      from = -1;
      if (failure === undefined) continue;
      if (onSkipped === undefined || !isItemFailure(failure)) throw failure;
      onSkipped(failure);
    }
  }
}
