import {
  type ByteSource,
  decodeRecordIOBatches,
  decodeTextLineBatches,
  decodeTFRecordBatches,
  isItemFailure,
  isRecordpipeError,
  type ReadOptions,
  type ReadStats,
  type RecordBatch,
  type RecordIOReadOptions,
  type RecordIOScanOptions,
  type RecordpipeError,
  type RecordReader,
  type RecordScan,
  readRecordIO,
  readRecordIOBatches,
  readTextLineBatches,
  readTextLines,
  readTFRecordBatches,
  readTFRecords,
  scanRecordIO,
  scanTextLines,
  scanTFRecords,
  type TFRecordReadOptions,
  type TFRecordScanOptions,
} from '../../src/index.ts';
import type { Outcome } from './outcome.ts';

/** The public functions of one format. Except for options, they are the same for all formats. */
interface Functions<O extends Partial<ReadOptions>, S> {
  readonly decodeBatches: (bytes: Uint8Array, options?: O) => Iterable<RecordBatch>;
  readonly readBatches: (source: ByteSource, options?: O) => AsyncIterable<RecordBatch>;
  readonly read: (source: ByteSource, options?: O) => RecordReader;
  readonly scan: (source: ByteSource, options?: S) => Promise<RecordScan>;
}

/** All ways to read one format, with the same type of result. */
export interface Ways<O extends Partial<ReadOptions>, S = O> {
  decodeAll(bytes: Uint8Array, options?: O): Outcome;
  readAll(source: ByteSource, options?: O): Promise<Outcome>;
  /** Reads record by record. Includes the reader's counters. */
  readEach(
    source: ByteSource,
    options?: O,
  ): Promise<{ payloads: Uint8Array[]; error: RecordpipeError | undefined; stats: ReadStats }>;
  scan(source: ByteSource, options?: S): Promise<RecordScan>;
}

export function waysOf<O extends Partial<ReadOptions>, S>(functions: Functions<O, S>): Ways<O, S> {
  return {
    decodeAll(bytes, options) {
      const outcome: Outcome = { payloads: [], offsets: [], error: undefined };
      try {
        for (const batch of functions.decodeBatches(bytes, options)) take(outcome, batch);
      } catch (error) {
        outcome.error = typed(error);
      }
      return outcome;
    },
    async readAll(source, options) {
      const outcome: Outcome = { payloads: [], offsets: [], error: undefined };
      try {
        for await (const batch of functions.readBatches(source, options)) take(outcome, batch);
      } catch (error) {
        outcome.error = typed(error);
      }
      return outcome;
    },
    async readEach(source, options) {
      const payloads: Uint8Array[] = [];
      const reader = functions.read(source, options);
      let error: RecordpipeError | undefined;
      try {
        for await (const record of reader) payloads.push(record.slice());
      } catch (failure) {
        error = typed(failure);
      }
      return { payloads, error, stats: reader.stats };
    },
    scan: functions.scan,
  };
}

export const tfrecordWays: Ways<Partial<TFRecordReadOptions>, Partial<TFRecordScanOptions>> = waysOf({
  decodeBatches: decodeTFRecordBatches,
  readBatches: readTFRecordBatches,
  read: readTFRecords,
  scan: scanTFRecords,
});

export const recordIOWays: Ways<Partial<RecordIOReadOptions>, Partial<RecordIOScanOptions>> = waysOf({
  decodeBatches: decodeRecordIOBatches,
  readBatches: readRecordIOBatches,
  read: readRecordIO,
  scan: scanRecordIO,
});

export const textLineWays: Ways<Parameters<typeof readTextLines>[1] & object> = waysOf({
  decodeBatches: decodeTextLineBatches,
  readBatches: readTextLineBatches,
  read: readTextLines,
  scan: scanTextLines,
});

/**
 * Returns the RecordpipeError that ended reading. Throws other errors: invalid options are mistakes
 * of the test, and anything else is a bug.
 */
function typed(error: unknown): RecordpipeError {
  if (isItemFailure(error) || isRecordpipeError(error, 'aborted')) return error;
  throw error;
}

function take(outcome: Outcome, batch: RecordBatch): void {
  for (let i = 0; i < batch.length; i++) {
    outcome.payloads.push(batch.record(i).slice());
    outcome.offsets.push(batch.offset(i));
  }
}
