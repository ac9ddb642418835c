import type { DatasetStats } from '../check/stats/dataset-stats.ts';
import type { NamedFeature } from '../check/stats/feature-stats.ts';
import { isTextAt } from '../check/stats/text.ts';
import { isRecordpipeError } from '../errors.ts';
import type { ColumnBatch, ColumnVector } from '../messages/columns/column-batch.ts';
import { headerAt } from '../messages/image-header.ts';

/** Limits of the first records from which columns are guessed. They stay in memory for a while. */
export const GUESS: { readonly records: number; readonly bytes: number } = {
  records: 1024,
  bytes: 4 * 1024 * 1024,
};

/**
 * Reports whether records that fit the columns of these first records cannot lead to other columns.
 * Without any value of bytes, a later one decides whether they are text.
 */
export function isConclusive({ messages, records, features, featureLists }: DatasetStats): boolean {
  const hasValues = ({ kinds, bytes }: NamedFeature): boolean =>
    kinds.bytes === undefined || bytes !== undefined;
  const isExamples = records > 0 && messages.example + messages.sequenceExample === records;
  return isExamples && features.every(hasValues) && featureLists.every(hasValues);
}

/** A later record may lead to other columns than those of the first records. */
export class WrongGuess extends Error {}

const DOUBTFUL: readonly string[] = ['schema-mismatch', 'malformed-example', 'unrepresentable', 'no-records'];

/** Reports whether an error may be due to a wrong guess. */
export function isWrongGuess(error: unknown): boolean {
  return isRecordpipeError(error) ? DOUBTFUL.includes(error.code) : error instanceof WrongGuess;
}

/** Passes on batches until a value of a text column is one that would not be inferred as text. */
export async function* checkedGuess(
  batches: AsyncIterable<ColumnBatch>,
): AsyncGenerator<ColumnBatch, void, undefined> {
  for await (const batch of batches) {
    if (!batch.columns.every(hasOnlyText)) throw new WrongGuess();
    yield batch;
  }
}

/** A vector of text is UTF-8, but inferred text has neither control characters nor images. */
function hasOnlyText(vector: ColumnVector): boolean {
  if (vector.type === 'list') return hasOnlyText(vector.items);
  if (vector.type !== 'text') return true;
  const { offsets, data, length } = vector;
  for (let i = 0; i < length; i++) {
    const from = offsets[i];
    const to = offsets[i + 1];
    if (from < to && (!isTextAt(data, from, to) || headerAt(data, from, to) !== undefined)) return false;
  }
  return true;
}
