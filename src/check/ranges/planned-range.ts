import { RecordpipeError } from '../../errors.ts';
import { recordFormat } from '../../formats/registry.ts';
import type { OnBatch, RecordScan } from '../../records/scan-source.ts';
import { openRange } from '../../records/workers/range-source.ts';
import type { FileTask, Watch } from '../file-checker.ts';
import { type FileInput, objectOf, type RecordRange } from '../file-input.ts';
import { scanRange } from './check-range.ts';

/** Scans the records of one part of a file, as a plan divides it. */
export async function scanPlannedRange(
  input: FileInput,
  range: RecordRange,
  task: FileTask,
  watch: Watch,
  onBatch: OnBatch,
): Promise<RecordScan> {
  const source = await openRange(objectOf(input), task.reading.objects, watch);
  try {
    const start = { offset: range.start, record: range.from };
    const format = recordFormat(range.format);
    const scanned = await scanRange(source, format, range, start, input, task, watch, onBatch);
    const { next: _, atEnd: __, last: ___, ...scan } = scanned;
    return asExpected({ ...scan, bytes: range.end - range.start }, input.path, range);
  } finally {
    await source.close();
  }
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
