import { DATA_ERROR_CODES, isItemFailure, type RecordpipeError, redacted } from '../errors.ts';
import type { RecordScan } from '../records/scan-source.ts';
import { examineFile } from './examine-file.ts';
import { checkFrozen, type FileInput, type FileTask, storedBytes, type Watch } from './file-task.ts';
import type { FileReport, FileWarning } from './validate-report.ts';

const WARNINGS: Record<RecordScan['format'], FileWarning | undefined> = {
  tfrecord: undefined,
  recordio: {
    code: 'missing-final-padding',
    message: "the last record lacks its padding; it is complete, but dmlc's readers reject the file",
  },
  textline: {
    code: 'missing-final-delimiter',
    message:
      'the last line has no line end: if another file follows, as in pipe mode, the line is joined with its first line',
  },
};

const EMPTY: FileWarning = {
  code: 'empty-file',
  message: 'the file has 0 bytes and so no records; it may be an interrupted write',
};

const NO_RECORDS: FileWarning = {
  code: 'no-records',
  message: 'the file is sound but has no records; it may be an interrupted write',
};

const SEVERAL_STREAMS: FileWarning = {
  code: 'several-zlib-streams',
  message:
    'the file consists of several zlib streams; TensorFlow reads only the first and ignores the records after it: convert the file to a single stream',
};

/** The warnings about a file. */
export function warningsOf({
  format,
  bytes,
  records,
  errorCount,
  warnings,
  nextStreams = 0,
}: Pick<
  RecordScan,
  'format' | 'bytes' | 'records' | 'errorCount' | 'warnings' | 'nextStreams'
>): FileWarning[] {
  if (records === 0 && errorCount === 0) return [bytes === 0 ? EMPTY : NO_RECORDS];
  const warning = warnings > 0 ? WARNINGS[format] : undefined;
  return [...(warning === undefined ? [] : [warning]), ...(nextStreams > 0 ? [SEVERAL_STREAMS] : [])];
}

/**
 * Checks one file. What is wrong with it, and what keeps it from being read, is in the report.
 * @throws RecordpipeError `aborted`
 */
export async function checkFile(input: FileInput, task: FileTask, watch: Watch): Promise<FileReport> {
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) * 1000) / 1e6;
  const uri = input.path === '-' ? '<stdin>' : input.path;
  try {
    checkFrozen(input);
    // Imported when wanted: start-up time counts.
    const inside = task.look && (await import('./look-inside.ts')).lookInside(task.look, uri);
    const found = await examineFile(input, uri, task, watch, inside?.onBatch);
    const { format, compression, records, bytes, errors, errorCount } = found;
    const { format: expected = 'auto' } = task.reading;
    const isDetected = expected === 'auto' && input.range === undefined;
    const report = {
      uri,
      // A file without records and errors is empty, which is no evidence of a format.
      format: records === 0 && errorCount === 0 && isDetected ? null : format,
      compression,
      ok: errorCount === 0,
      records,
      bytes,
      seconds: seconds(),
      errors: errors.map((error) => error.toJSON()),
      errorCount,
      unreadable: false,
      warnings: warningsOf(found),
      ...(input.range && { range: input.range }),
    };
    return inside === undefined ? report : inside.report(report, task.maxErrors);
  } catch (error) {
    if (!isItemFailure(error)) throw error;
    const { compression, format } = task.reading;
    return failedFile({ ...input, path: uri }, error, {
      seconds: seconds(),
      compression: compression === 'auto' ? undefined : compression,
      format: format === 'auto' ? undefined : format,
    });
  }
}

/** The report of a file that could not be read, or not be told what it is. */
export function failedFile(
  input: FileInput,
  error: RecordpipeError,
  known: { readonly [K in 'seconds' | 'compression' | 'format']?: FileReport[K] | undefined } = {},
): FileReport {
  return {
    uri: redacted(input.path),
    format: known.format ?? null,
    compression: known.compression ?? null,
    ok: false,
    records: 0,
    bytes: storedBytes(input),
    seconds: known.seconds ?? 0,
    errors: [error.toJSON()],
    errorCount: 1,
    unreadable: !DATA_ERROR_CODES.has(error.code),
    warnings: [],
    ...(input.range && { range: input.range }),
  };
}
