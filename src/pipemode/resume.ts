import { RecordpipeError } from '../errors.ts';
import { RecordBatch } from '../records/batch.ts';
import type { Batches } from '../records/record-reader.ts';
import { type EpochProgress, fingerprint, type PipeModeState } from './epoch-progress.ts';

/**
 * `batches` without the records that were handed out before: they are read again and discarded.
 * @throws RecordpipeError `not-resumable` when the stream is not the same as far as that
 */
export async function* resumed(batches: Batches, state: PipeModeState, progress: EpochProgress): Batches {
  const { recordsRead } = state;
  if (recordsRead === 0) {
    yield* batches;
    return;
  }
  let left = recordsRead;
  for await (const batch of batches) {
    if (left === 0) {
      yield batch;
      continue;
    }
    const skip = Math.min(left, batch.length);
    progress.handOut(skip);
    left -= skip;
    if (left > 0) continue;
    checkPosition(batch.record(skip - 1), state, progress);
    if (skip < batch.length) yield behind(batch, skip);
  }
  if (left > 0) {
    throw notResumable(`the stream has ${recordsRead - left} records, ${recordsRead} had been read`);
  }
}

/** The records of a batch from number `first` on. */
function behind(batch: RecordBatch, first: number): RecordBatch {
  const { bytes, index, length, firstRecord } = batch;
  const base = batch.offset(0) - index[0];
  return new RecordBatch(bytes, index.subarray(2 * first), length - first, firstRecord + first, base, 0);
}

function checkPosition(last: Uint8Array, state: PipeModeState, progress: EpochProgress): void {
  const now = progress.state(state.channel, state.recordFormat);
  if (now.bytesRead !== state.bytesRead) {
    throw notResumable(
      `record ${state.recordsRead} begins at byte ${now.bytesRead}, but at byte ${state.bytesRead} when it was read before`,
    );
  }
  const { bytes, crc32c } = fingerprint(last);
  if (state.lastRecord === null || (bytes === state.lastRecord.bytes && crc32c === state.lastRecord.crc32c))
    return;
  throw notResumable(`record ${state.recordsRead - 1} is not the one that was read before`);
}

function notResumable(what: string): RecordpipeError {
  return new RecordpipeError(
    'not-resumable',
    `${what}; is the data shuffled or changed between epochs? Begin the epoch anew`,
  );
}

/**
 * A state that was kept as JSON, checked.
 * @throws RecordpipeError `malformed-state` for anything else, `not-resumable` for another channel or format
 */
export function checkState(
  state: PipeModeState,
  channel: string,
  recordFormat: string,
  files: boolean,
): void {
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const { epoch, recordsRead, bytesRead, lastRecord } = state;
  const epochFits = files ? epoch === null : whole(epoch);
  const lastFits = lastRecord === null || (whole(lastRecord?.bytes) && whole(lastRecord?.crc32c));
  if (state.channel !== channel || state.recordFormat !== recordFormat) {
    const expected = `channel ${channel} as ${recordFormat}`;
    throw new RecordpipeError(
      'not-resumable',
      `the state is of channel ${state.channel} as ${state.recordFormat}, expected ${expected}`,
    );
  }
  if (whole(recordsRead) && whole(bytesRead) && epochFits && lastFits) return;
  throw new RecordpipeError(
    'malformed-state',
    `resume: expected what state() returned, got ${JSON.stringify(state)}`,
  );
}
