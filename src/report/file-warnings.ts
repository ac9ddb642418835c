import type { RecordScan } from '../records/scan-source.ts';
import type { FileWarning } from './validate-report.ts';

const WARNINGS: Record<RecordScan['format'], FileWarning | undefined> = {
  tfrecord: undefined,
  recordio: {
    code: 'missing-final-padding',
    message: "the last record lacks its padding; it is whole, but dmlc's readers refuse the file",
  },
  textline: {
    code: 'missing-final-delimiter',
    message:
      'the last line has no end: it becomes one with the first line of whatever is put behind it, as pipe mode does with the next object',
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

/** What is odd about a file without being wrong. */
export function warningsOf({
  format,
  bytes,
  records,
  errorCount,
  warnings,
}: Pick<RecordScan, 'format' | 'bytes' | 'records' | 'errorCount' | 'warnings'>): FileWarning[] {
  if (records === 0 && errorCount === 0) return [bytes === 0 ? EMPTY : NO_RECORDS];
  const warning = warnings > 0 ? WARNINGS[format] : undefined;
  return warning === undefined ? [] : [warning];
}
