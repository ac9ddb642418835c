import {
  type ByteSource,
  decodeTFRecordBatches,
  isRecordpipeError,
  type ReadStats,
  type RecordBatch,
  type RecordpipeError,
  type RecordScan,
  readTFRecordBatches,
  readTFRecords,
  scanTFRecords,
  type TFRecordDecodeOptions,
  type TFRecordReadOptions,
  type TFRecordScanOptions,
} from '../../src/index.ts';

/** What reading a source came to: copies of all records, where they began, and what ended it. */
export interface Outcome {
  readonly payloads: Uint8Array[];
  readonly offsets: number[];
  error: RecordpipeError | undefined;
}

/** The part of an error that must be the same however a file is read. */
export interface Where {
  readonly code: string;
  readonly record: number | undefined;
  readonly offset: number | undefined;
}

export function where(error: RecordpipeError | undefined): Where | undefined {
  return error && { code: error.code, record: error.record, offset: error.offset };
}

export function decodeAll(bytes: Uint8Array, options?: Partial<TFRecordDecodeOptions>): Outcome {
  const outcome: Outcome = { payloads: [], offsets: [], error: undefined };
  try {
    for (const batch of decodeTFRecordBatches(bytes, options)) take(outcome, batch);
  } catch (error) {
    outcome.error = typed(error);
  }
  return outcome;
}

export async function readAll(source: ByteSource, options?: Partial<TFRecordReadOptions>): Promise<Outcome> {
  const outcome: Outcome = { payloads: [], offsets: [], error: undefined };
  try {
    for await (const batch of readTFRecordBatches(source, options)) take(outcome, batch);
  } catch (error) {
    outcome.error = typed(error);
  }
  return outcome;
}

/** Record by record, with what the reader counted. */
export async function readEach(
  source: ByteSource,
  options?: Partial<TFRecordReadOptions>,
): Promise<{ payloads: Uint8Array[]; error: RecordpipeError | undefined; stats: ReadStats }> {
  const payloads: Uint8Array[] = [];
  const reader = readTFRecords(source, options);
  let error: RecordpipeError | undefined;
  try {
    for await (const record of reader) payloads.push(record.slice());
  } catch (failure) {
    error = typed(failure);
  }
  return { payloads, error, stats: reader.stats };
}

export function scan(source: ByteSource, options?: Partial<TFRecordScanOptions>): Promise<RecordScan> {
  return scanTFRecords(source, options);
}

/** Only errors of the family may leave a reader; anything else is a crash and is thrown on. */
function typed(error: unknown): RecordpipeError {
  if (isRecordpipeError(error)) return error;
  throw error;
}

function take(outcome: Outcome, batch: RecordBatch): void {
  for (let i = 0; i < batch.length; i++) {
    outcome.payloads.push(batch.record(i).slice());
    outcome.offsets.push(batch.offset(i));
  }
}
