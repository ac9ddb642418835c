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
  message:
    'the file has 0 bytes; that is a file of no records in any format, and what is left where a writer got no further',
};

/** What is odd about a file without being wrong. */
export function warningsOf({
  format,
  bytes,
  errorCount,
  warnings,
}: Pick<RecordScan, 'format' | 'bytes' | 'errorCount' | 'warnings'>): FileWarning[] {
  if (bytes === 0 && errorCount === 0) return [EMPTY];
  const warning = warnings > 0 ? WARNINGS[format] : undefined;
  return warning === undefined ? [] : [warning];
}
