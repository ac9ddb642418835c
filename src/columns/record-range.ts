import type { SourceBatch } from './column-batches.ts';

/**
 * Yields the records of a range, counted over all files. It reads and verifies the records before
 * the range, and none after it.
 *
 * @param skip number of records before the range
 * @param count number of records of the range; undefined for all that follow
 */
export async function* recordRange(
  batches: AsyncIterable<SourceBatch>,
  skip: number,
  count: number | undefined,
): AsyncGenerator<SourceBatch, void, undefined> {
  const end = count === undefined ? Number.POSITIVE_INFINITY : skip + count;
  let seen = 0;
  for await (const { batch, place } of batches) {
    const { length } = batch;
    const from = Math.max(0, skip - seen);
    const to = Math.min(length, end - seen);
    if (from < to) yield { batch: batch.slice(from, to), place };
    seen += length;
    if (seen >= end) return;
  }
}
