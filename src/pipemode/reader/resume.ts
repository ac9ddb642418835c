import { RecordpipeError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import { type EpochProgress, fingerprint, type PipeModeState } from './epoch-progress.ts';

/** Skips the records that an earlier reader delivered: they are read again and dropped. */
export class Resuming {
  readonly #state: PipeModeState;
  readonly #progress: EpochProgress;
  #left: number;

  constructor(state: PipeModeState, progress: EpochProgress) {
    this.#state = state;
    this.#progress = progress;
    this.#left = state.recordsRead;
  }

  /**
   * The new records of a batch; null if there are none.
   * @throws RecordpipeError `not-resumable` if the stream differs up to there
   */
  rest(batch: RecordBatch): RecordBatch | null {
    if (this.#left === 0) return batch;
    const skip = Math.min(this.#left, batch.length);
    this.#progress.delivered(skip);
    this.#left -= skip;
    if (this.#left === 0) this.#checkPosition(batch.record(skip - 1));
    return skip < batch.length ? after(batch, skip) : null;
  }

  /** @throws RecordpipeError `not-resumable` if the stream ended too early */
  end(): void {
    if (this.#left === 0) return;
    const { recordsRead } = this.#state;
    throw notResumable(
      `the stream has ${recordsRead - this.#left} records, but ${recordsRead} were read before`,
    );
  }

  #checkPosition(last: Uint8Array): void {
    const { channel, recordFormat, recordsRead, bytesRead, lastRecord } = this.#state;
    const now = this.#progress.state(channel, recordFormat);
    if (now.bytesRead !== bytesRead) {
      throw notResumable(
        `record ${recordsRead} starts at byte ${now.bytesRead}, but started at byte ${bytesRead} before`,
      );
    }
    const { bytes, crc32c } = fingerprint(last);
    if (lastRecord === null || (bytes === lastRecord.bytes && crc32c === lastRecord.crc32c)) return;
    throw notResumable(`record ${recordsRead - 1} is not the one that was read before`);
  }
}

/** The records of a batch from number `first`. */
function after(batch: RecordBatch, first: number): RecordBatch {
  const { bytes, index, length, firstRecord } = batch;
  const base = batch.offset(0) - index[0];
  return new RecordBatch(bytes, index.subarray(2 * first), length - first, firstRecord + first, base, 0);
}

function notResumable(what: string): RecordpipeError {
  return new RecordpipeError(
    'not-resumable',
    `${what}; is the data shuffled or changed between epochs? Start the epoch again`,
  );
}

/**
 * Checks a state that was stored as JSON.
 * @throws RecordpipeError `malformed-state`; `not-resumable` for another channel or format
 */
export function checkState(
  state: PipeModeState,
  channel: string,
  recordFormat: string,
  files: boolean,
): void {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const { epoch, recordsRead, bytesRead, lastRecord } = state;
  const epochFits = files ? epoch === null : isCount(epoch);
  const lastFits = lastRecord === null || (isCount(lastRecord?.bytes) && isCount(lastRecord?.crc32c));
  if (state.channel !== channel || state.recordFormat !== recordFormat) {
    const expected = `channel ${channel} as ${recordFormat}`;
    throw new RecordpipeError(
      'not-resumable',
      `the state is of channel ${state.channel} as ${state.recordFormat}, expected ${expected}`,
    );
  }
  if (isCount(recordsRead) && isCount(bytesRead) && epochFits && lastFits) return;
  throw new RecordpipeError(
    'malformed-state',
    `resume: expected what state() returned, got ${JSON.stringify(state)}`,
  );
}
