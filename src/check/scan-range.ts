import { RecordpipeError, sentenceOf } from '../errors.ts';
import { RecordBatch } from '../formats/batch.ts';
import type { FormatName } from '../formats/names/index.ts';
import { recordFormat } from '../formats/registry.ts';
import { type OnBatch, type RecordScan, scanSource } from '../records/scan-source.ts';
import { openObjectReader } from '../storage/object-reader.ts';
import { isRemote } from '../storage/registry.ts';
import type { FileTask, Watch } from './file-checker.ts';
import type { FileInput, RecordRange } from './file-input.ts';
import { REMOTE_CHUNK_BYTES, scanOptions } from './scan-file.ts';

/** Number of bytes per read. */
const STEP_BYTES = 4 * 1024 * 1024;
/** Number of concurrent reads. */
const STEPS_AHEAD = 4;

/** Scans the records of one part of a file. Record numbers and offsets refer to the whole file. */
export async function scanRange(
  input: FileInput,
  range: RecordRange,
  task: FileTask,
  watch: Watch,
  onBatch: OnBatch,
): Promise<RecordScan> {
  const { path: uri, size, etag } = input;
  const { signal, onRetry, onFinding } = watch;
  const known = isRemote(uri) ? { uri, size, etag } : uri;
  const onEvent = ({ type }: { readonly type: string }): void => {
    if (type === 'retry') onRetry?.();
  };
  const reader = await openObjectReader(known, { ...task.reading.objects, signal, onEvent });
  try {
    const options = {
      ...scanOptions(input, task, {
        ...watch,
        onFinding: onFinding && ((error) => onFinding(placedError(error, uri, range))),
      }),
      compression: 'none' as const,
      chunkBytes: REMOTE_CHUNK_BYTES,
    };
    const chunks = chunksOf((from, to) => reader.read(from, to), range);
    const batches =
      onBatch && ((batch: RecordBatch, format: FormatName) => onBatch(placedBatch(batch, range), format));
    const scanned = await scanSource(recordFormat(range.format), chunks, options, batches);
    return asExpected(placedScan(scanned, uri, range), uri, range);
  } finally {
    await reader.close();
  }
}

async function* chunksOf(
  read: (from: number, to: number) => Promise<Uint8Array>,
  { start, end }: RecordRange,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ahead: Promise<Uint8Array>[] = [];
  let at = start;
  try {
    while (at < end || ahead.length > 0) {
      for (; at < end && ahead.length < STEPS_AHEAD; at += STEP_BYTES) {
        const next = read(at, Math.min(at + STEP_BYTES, end));
        next.catch(() => {}); // The consumer of the promise handles a rejection.
        ahead.push(next);
      }
      yield await ahead.shift()!;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

function placedBatch(batch: RecordBatch, { from, start }: RecordRange): RecordBatch {
  const { bytes, index, length, firstRecord, parts } = batch;
  if (length === 0) return batch;
  return new RecordBatch(
    bytes,
    index,
    length,
    firstRecord + from,
    start + batch.offset(0) - index[0],
    0,
    parts,
  );
}

function placedScan(scan: RecordScan, uri: string, range: RecordRange): RecordScan {
  const errors = scan.errors.map((error) => placedError(error, uri, range));
  return { ...scan, bytes: range.end - range.start, errors };
}

/** Converts the location in an error from the part to the whole file. */
function placedError(error: RecordpipeError, uri: string, { from, start }: RecordRange): RecordpipeError {
  const { code, record, offset, cause } = error;
  const place = {
    uri,
    ...(record !== undefined && { record: record + from }),
    ...(offset !== undefined && { offset: offset + start }),
  };
  return new RecordpipeError(code, sentenceOf(error), place, cause);
}

/**
 * Throws an error if the range does not contain the planned records. With an incorrect index,
 * records would be checked twice or not at all.
 */
function asExpected(scan: RecordScan, uri: string, { from, to, start }: RecordRange): RecordScan {
  if (scan.errorCount > 0 || scan.records === to - from) return scan;
  const text = `expected records ${from} to ${to - 1} in this range, found ${scan.records} records; the index used for the plan does not match the data: rebuild the index (recordpipe index --force) and regenerate the plan`;
  const error = new RecordpipeError('index-mismatch', text, { uri, record: from, offset: start });
  return { ...scan, errors: [error], errorCount: 1 };
}
