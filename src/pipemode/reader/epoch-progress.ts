import { crc32c } from '../../crc32c/crc32c.ts';
import { RecordpipeError } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import { newReadStats, type ReadStats } from '../../formats/corruption.ts';
import type { EpochStartStatus } from '../job/channel-files.ts';

/** The progress of one iteration of a channel. */
export interface PipeModeMetrics {
  /** Name of the channel. */
  readonly channel: string;
  /** Index of the pipe. Undefined until a pipe has been taken, and undefined for files. */
  readonly epoch: number | undefined;
  /** Number of delivered records. */
  readonly records: number;
  /** Total size of the payloads of the delivered records, in bytes. */
  readonly payloadBytes: number;
  /** Number of corrupted records that were skipped. */
  readonly corrupted: number;
  /** Milliseconds from the start of the iteration until the pipe was opened. */
  readonly openMs: number;
  /** Milliseconds spent waiting for bytes. */
  readonly waitMs: number;
  /** Milliseconds spent waiting for bytes and decoding records, excluding the consumer's time. */
  readonly readMs: number;
  /** Payload throughput in GiB per second of `readMs`, as in SageMaker's output. */
  readonly gibibytesPerSecond: number;
  /** `reading`, or how the iteration ended. `left` means that the consumer ended it. */
  readonly outcome: 'reading' | 'end' | 'left' | 'failed';
}

/** The position of a reader in an epoch, as plain JSON that can be stored with a checkpoint. */
export interface PipeModeState {
  /** Name of the channel. */
  readonly channel: string;
  /** Format of the records. */
  readonly recordFormat: string;
  /** Index of the pipe; null if the data comes from files. */
  readonly epoch: number | null;
  /** Number of delivered records. */
  readonly recordsRead: number;
  /** Position after the last delivered record in the uncompressed stream, in bytes. */
  readonly bytesRead: number;
  /**
   * Fingerprint of the last delivered record, used to detect a reordered stream; null before the
   * first record.
   */
  readonly lastRecord: {
    /** Size of the record, in bytes. */
    readonly bytes: number;
    /** CRC-32C of the record. */
    readonly crc32c: number;
  } | null;
  /** Version of this format. */
  readonly version?: 1 | undefined;
  /**
   * Compression of the pipe, if the reader decompresses the data. A streamer cannot resume from a
   * state with this field.
   */
  readonly compression?: string | undefined;
}

/** Counts the batches read and the records delivered in one iteration. */
export class EpochProgress {
  readonly stats: ReadStats = newReadStats();
  epoch: number | undefined;
  records = 0;
  payloadBytes = 0;
  openMs = 0;
  waitMs = 0;
  readMs = 0;
  outcome: PipeModeMetrics['outcome'] = 'reading';
  #batch: RecordBatch | undefined;
  /** Number of records of `#batch` that were delivered. */
  #at = 0;
  /** Position of the end of `#batch` in its stream. */
  #end = 0;
  /** Total size of the earlier streams in bytes, if the reader reads several files. */
  #base = 0;
  /** Where the bytes of the pipe start, if a streamer resumed within the epoch. */
  #start: Pick<EpochStartStatus, 'bytes' | 'records'> = { bytes: 0, records: 0 };
  /** The last record before the pipe, if an earlier reader delivered it. */
  lastBefore: PipeModeState['lastRecord'] = null;
  /** The previous batch, which is kept until the first record of `#batch` is delivered. */
  #before: RecordBatch | undefined;

  /** Marks the start of a stream. */
  opened(): void {
    this.#base += this.#end;
    this.#end = 0;
    if (this.#at > 0) this.#before = this.#batch;
    this.#batch = undefined;
    this.#at = 0;
  }

  /** Records that the bytes of the pipe start within the epoch. */
  startAt(start: Pick<EpochStartStatus, 'bytes' | 'records'>): void {
    this.#start = start;
  }

  /** Records that a batch was read. */
  began(batch: RecordBatch, end: number): void {
    if (this.#at > 0) this.#before = this.#batch;
    this.#batch = batch;
    this.#at = 0;
    this.#end = end;
  }

  /** Records that the next `count` records of the batch were delivered. */
  delivered(count: number): void {
    const { index } = this.#batch as RecordBatch;
    const to = 2 * (this.#at + count);
    for (let i = 2 * this.#at; i < to; i += 2) this.payloadBytes += index[i + 1];
    this.#at += count;
    this.records += count;
    this.#before = undefined;
  }

  /** Size of the last delivered record in bytes. */
  get lastBytes(): number {
    return this.#batch === undefined || this.#at === 0 ? 0 : this.#batch.index[2 * this.#at - 1];
  }

  state(channel: string, recordFormat: string): PipeModeState {
    const bytesRead = this.#base + this.#position();
    const { epoch = null } = this;
    const recordsRead = this.records + (this.#start.records ?? 0);
    return { channel, recordFormat, epoch, recordsRead, bytesRead, lastRecord: this.#lastRecord() };
  }

  metrics(channel: string): PipeModeMetrics {
    const { epoch, records, payloadBytes, openMs, waitMs, readMs, outcome } = this;
    return {
      channel,
      epoch,
      records,
      payloadBytes,
      corrupted: this.stats.corrupted,
      openMs,
      waitMs,
      readMs,
      gibibytesPerSecond: payloadBytes / 2 ** 30 / (readMs / 1000),
      outcome,
    };
  }

  #position(): number {
    const batch = this.#batch;
    if (batch === undefined) return this.#start.bytes;
    if (this.#at === batch.length) return this.#end;
    return batch.offset(this.#at);
  }

  #lastRecord(): PipeModeState['lastRecord'] {
    if (this.#batch !== undefined && this.#at > 0) return fingerprint(this.#batch.record(this.#at - 1));
    return this.#before === undefined
      ? this.lastBefore
      : fingerprint(this.#before.record(this.#before.length - 1));
  }
}

/** Returns the size and the checksum that identify a record. */
export function fingerprint(record: Uint8Array): { bytes: number; crc32c: number } {
  return { bytes: record.length, crc32c: crc32c(record) };
}

const ITERATOR = 'PipeModeDatasetOp::Dataset::Iterator';

/**
 * Returns the lines that `sagemaker_tensorflow` prints for the latest read. Reaching the end counts
 * as a read.
 */
export function recordLines(reads: number, nanoseconds: number, bytes: number): string[] {
  return [
    `${ITERATOR} records: ${reads}\n`,
    `${ITERATOR} records read_time_ns: ${Math.round(nanoseconds)}\n`,
    `${ITERATOR} records read_bytes: ${bytes}\n`,
  ];
}

/**
 * Returns the lines that `sagemaker_tensorflow` prints at the end of an iteration. Like that
 * library, labels GiB as GB and truncates milliseconds.
 */
export function totalLines({ readMs, payloadBytes }: EpochProgress): string[] {
  const ms = Math.trunc(readMs);
  return [
    `${ITERATOR} total read_time_ms: ${ms}\n`,
    `${ITERATOR} total read_bytes: ${payloadBytes}\n`,
    `${ITERATOR} total read_GB/s: ${asStreamWrites(payloadBytes / 1024 ** 3 / (ms / 1000))}\n`,
  ];
}

/**
 * Formats a double as a C++ stream does: with six significant digits and no trailing zeros. 0/0 is
 * formatted as negative NaN, as on x86.
 */
function asStreamWrites(value: number): string {
  if (Number.isNaN(value)) return '-nan';
  if (!Number.isFinite(value)) return 'inf';
  if (value === 0) return '0';
  const [digits, exponent] = value.toExponential(5).split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 6) return trimmed(value.toFixed(5 - power));
  const sign = power < 0 ? '-' : '+';
  return `${trimmed(digits)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

/** Skips the records that an earlier reader received, by reading and dropping them. */
export class Resuming {
  readonly #state: PipeModeState;
  readonly #progress: EpochProgress;
  #remaining: number;

  constructor(state: PipeModeState, progress: EpochProgress) {
    this.#state = state;
    this.#progress = progress;
    this.#remaining = state.recordsRead;
  }

  /**
   * Accepts a pipe that contains only a part of the epoch.
   * @throws RecordpipeError `not-resumable` if the pipe starts after the resume position
   */
  begin({ bytes, records }: Pick<EpochStartStatus, 'bytes' | 'records'>): void {
    const { recordsRead, bytesRead, lastRecord, compression } = this.#state;
    const isAfter = bytes > bytesRead || (records !== null && records > recordsRead);
    if (isAfter || compression !== undefined || (records === null && bytes !== bytesRead)) {
      const what = `the pipe starts at byte ${bytes} of the epoch, but the earlier run read ${bytesRead} bytes`;
      const next = "pass the reader's state to the streamer (resume)";
      throw new RecordpipeError('not-resumable', `${what}; ${next}`);
    }
    this.#remaining = bytes === bytesRead ? 0 : recordsRead - (records ?? 0);
    if (this.#remaining === 0) this.#progress.lastBefore = lastRecord;
  }

  /**
   * Returns the records of a batch that follow the resume position, or null if there are none.
   * @throws RecordpipeError `not-resumable` if the stream differs before the resume position
   */
  rest(batch: RecordBatch): RecordBatch | null {
    if (this.#remaining === 0) return batch;
    const skip = Math.min(this.#remaining, batch.length);
    this.#progress.delivered(skip);
    this.#remaining -= skip;
    if (this.#remaining === 0) this.#checkPosition(batch.record(skip - 1));
    return skip < batch.length ? after(batch, skip) : null;
  }

  /**
   * Checks that the stream reached the resume position.
   * @throws RecordpipeError `not-resumable` if it did not
   */
  end(): void {
    if (this.#remaining === 0) return;
    const { recordsRead } = this.#state;
    throw notResumable(
      `the stream has ${recordsRead - this.#remaining} records, but the earlier run read ${recordsRead}`,
    );
  }

  #checkPosition(last: Uint8Array): void {
    const { channel, recordFormat, recordsRead, bytesRead, lastRecord } = this.#state;
    const now = this.#progress.state(channel, recordFormat);
    if (now.bytesRead !== bytesRead) {
      throw notResumable(
        `record ${recordsRead} starts at byte ${now.bytesRead}, but started at byte ${bytesRead} in the earlier run`,
      );
    }
    const { bytes, crc32c } = fingerprint(last);
    if (lastRecord === null || (bytes === lastRecord.bytes && crc32c === lastRecord.crc32c)) return;
    throw notResumable(`record ${recordsRead - 1} differs from the earlier run`);
  }
}

/** Returns the records of a batch, starting with index `first`. */
function after(batch: RecordBatch, first: number): RecordBatch {
  const { bytes, index, length, firstRecord } = batch;
  const base = batch.offset(0) - index[0];
  return new RecordBatch(bytes, index.subarray(2 * first), length - first, firstRecord + first, base, 0);
}

function notResumable(what: string): RecordpipeError {
  return new RecordpipeError(
    'not-resumable',
    `${what}; the data may be shuffled or may have changed; restart the epoch`,
  );
}

/**
 * Validates a state that was stored as JSON.
 * @throws RecordpipeError `malformed-state`; `not-resumable` for a state of another channel or
 *   format
 */
export function checkState(
  state: PipeModeState,
  channel: string,
  recordFormat: string,
  files: boolean,
): void {
  const malformed = `resume: expected a value returned by state(), got ${JSON.stringify(state)}`;
  if (typeof state !== 'object' || state === null) throw new RecordpipeError('malformed-state', malformed);
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const { epoch, recordsRead, bytesRead, lastRecord } = state;
  const epochFits = files ? epoch === null : isCount(epoch);
  const lastFits = lastRecord === null || (isCount(lastRecord?.bytes) && isCount(lastRecord?.crc32c));
  if (state.channel !== channel || state.recordFormat !== recordFormat) {
    const expected = `channel ${channel} as ${recordFormat}`;
    throw new RecordpipeError(
      'not-resumable',
      `the state belongs to channel ${state.channel} as ${state.recordFormat}, expected ${expected}`,
    );
  }
  if (state.version !== undefined && state.version !== 1)
    throw new RecordpipeError(
      'malformed-state',
      `resume: the state has version ${String(state.version)}, expected 1; update recordpipe`,
    );
  if (isCount(recordsRead) && isCount(bytesRead) && epochFits && lastFits) return;
  throw new RecordpipeError('malformed-state', malformed);
}
