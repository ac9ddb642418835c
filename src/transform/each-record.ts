import { type ErrorPlace, isRecordpipeError, RecordpipeError } from '../errors.ts';
import type { RecordBatch } from '../records/batch.ts';
import type { RecordInput } from './record-input.ts';
import type { TransformOptions } from './transform-options.ts';

/** What becomes of a record: a promise where its bytes must stay as they are for a while. */
export type Take = (payload: Uint8Array) => Promise<void> | undefined;

/** Told of each batch once its records are dealt with. */
export type OnBatch = (batch: RecordBatch) => void;

/**
 * Hands every record to `take`, in order. What `take` refuses a record for names the record.
 */
export async function eachRecord(input: RecordInput, take: Take, onBatch: OnBatch): Promise<void> {
  for await (const batch of input.batches) {
    const { length } = batch;
    for (let i = 0; i < length; i++) {
      try {
        const taken = take(batch.record(i));
        if (taken !== undefined) await taken;
      } catch (error) {
        throw ofRecord(error, input, batch, i);
      }
    }
    onBatch(batch);
  }
}

/** Tells the caller of one source's progress. */
export function progressOf(input: RecordInput, { onProgress }: TransformOptions): OnBatch {
  if (onProgress === undefined) return () => {};
  const { totalBytes } = input;
  return (batch) => {
    const records = batch.firstRecord + batch.length;
    onProgress({ records, bytes: endOf(batch), totalBytes });
  };
}

/** Position in the stream behind the last payload of a batch. */
export function endOf(batch: RecordBatch): number {
  const last = batch.length - 1;
  return batch.offset(last) + batch.index[2 * last + 1];
}

/** Gives up a source that has been opened and not read. */
export async function closeInput(input: RecordInput | undefined): Promise<void> {
  await input?.batches.return();
}

function ofRecord(error: unknown, input: RecordInput, batch: RecordBatch, i: number): unknown {
  if (!isRecordpipeError(error, 'unrepresentable', 'record-too-large') || error.record !== undefined)
    return error;
  const place: ErrorPlace = {
    uri: input.uri,
    record: batch.firstRecord + i,
    offset: batch.offset(i),
    compressed: input.compression !== 'none',
  };
  return new RecordpipeError(error.code, error.message, place, error.cause);
}
