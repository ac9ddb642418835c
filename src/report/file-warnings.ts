import type { RecordScan } from '../records/scan-source.ts';
import type { FileWarning } from './validate-report.ts';

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
