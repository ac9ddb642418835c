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

/** What is odd about a file without being wrong. */
export function warningsOf({ format, warnings }: Pick<RecordScan, 'format' | 'warnings'>): FileWarning[] {
  const warning = warnings > 0 ? WARNINGS[format] : undefined;
  return warning === undefined ? [] : [warning];
}
