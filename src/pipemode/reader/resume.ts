import { RecordpipeError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import { type EpochProgress, fingerprint, type PipeModeState } from './epoch-progress.ts';

/** Passes over the records that were handed out before: they are read again and discarded. */
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
   * What of a batch was not handed out before; null if nothing.
   * @throws RecordpipeError `not-resumable` when the stream is not the same as far as that
   */
  rest(batch: RecordBatch): RecordBatch | null {
    if (this.#left === 0) return batch;
    const skip = Math.min(this.#left, batch.length);
    this.#progress.handOut(skip);
    this.#left -= skip;
    if (this.#left === 0) this.#checkPosition(batch.record(skip - 1));
    return skip < batch.length ? behind(batch, skip) : null;
  }

  /** @throws RecordpipeError `not-resumable` when the stream ended before that */
  end(): void {
    if (this.#left === 0) return;
    const { recordsRead } = this.#state;
    throw notResumable(`the stream has ${recordsRead - this.#left} records, ${recordsRead} had been read`);
  }

  #checkPosition(last: Uint8Array): void {
    const { channel, recordFormat, recordsRead, bytesRead, lastRecord } = this.#state;
    const now = this.#progress.state(channel, recordFormat);
    if (now.bytesRead !== bytesRead) {
      throw notResumable(
        `record ${recordsRead} begins at byte ${now.bytesRead}, but began at byte ${bytesRead} when it was read before`,
      );
    }
    const { bytes, crc32c } = fingerprint(last);
    if (lastRecord === null || (bytes === lastRecord.bytes && crc32c === lastRecord.crc32c)) return;
    throw notResumable(`record ${recordsRead - 1} is not the one that was read before`);
  }
}

/** The records of a batch from number `first` on. */
function behind(batch: RecordBatch, first: number): RecordBatch {
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
