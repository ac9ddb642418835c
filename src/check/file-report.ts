import { DATA_ERROR_CODES, type ErrorCode, type ErrorJson, RecordpipeError, redacted } from '../errors.ts';
import type { Compression } from '../formats/codec-options.ts';
import type { FormatName } from '../formats/names/index.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import type { RecordScan } from '../records/scan-source.ts';
import { type FileInput, type RecordRange, storedBytes, uriOf } from './file-input.ts';
import type { FeatureType } from './schema/schema.ts';
import type { SchemaViolation } from './schema/violations.ts';

/** One thing that is wrong with a file: the error as JSON. */
export interface Finding extends ErrorJson {}

/** Something about a file that is worth knowing and does not make it bad. */
export interface FileWarning {
  /**
   * Stable kebab-case word. `missing-final-delimiter`: the last line of a text has no line end, so
   * that it is joined with the first line of a file that follows, for example in a pipe.
   * `missing-final-padding`: the last RecordIO record lacks its padding (with `strictPadding:
   * false`). `empty-file`: the file has 0 bytes. `no-records`: the file is sound and has no
   * records. `several-zlib-streams`: TensorFlow reads only the first of several zlib streams.
   */
  readonly code:
    | 'missing-final-delimiter'
    | 'missing-final-padding'
    | 'empty-file'
    | 'no-records'
    | 'several-zlib-streams';
  /** For people. */
  readonly message: string;
}

/**
 * What is known about one file. The fields up to `errors` are a stable contract; fields may be
 * added.
 */
export interface FileReport {
  /** The path as it was given or found; `<stdin>` for standard input. */
  readonly uri: string;
  /**
   * The format that was checked; null if it was to be detected and the file is empty or of no known
   * format.
   */
  readonly format: FormatName | null;
  /** Compression of the whole file; null if the file could not be read far enough to detect it. */
  readonly compression: Compression | null;
  /** Whether every byte of the file is accounted for. */
  readonly ok: boolean;
  /** Good records. */
  readonly records: number;
  /** Bytes of the file as stored; for a pipe, the bytes that were read. */
  readonly bytes: number;
  /** Wall time of the check. */
  readonly seconds: number;
  /** The first `maxErrors` findings, in file order. */
  readonly errors: readonly Finding[];
  /** Number of findings, including those beyond `maxErrors`. */
  readonly errorCount: number;
  /**
   * Whether the file could not be read to its end (missing, no permission, I/O failure): nothing is
   * said about its data.
   */
  readonly unreadable: boolean;
  readonly warnings: readonly FileWarning[];
  /**
   * The part of the file that was checked. `records` and `bytes` are those of the part; findings
   * have places in the file.
   */
  readonly range?: RecordRange;
  /** With a schema: how the records of this file conform to it. */
  readonly schema?: FileSchemaReport;
}

/** The report of a file without what differs from run to run. */
export type CheckedFile = Omit<FileReport, 'seconds'>;

/** How the records of one file conform to a schema. */
export interface FileSchemaReport {
  /**
   * The rules that records break. Each is also one finding, `schema-mismatch`, at the first such
   * record.
   */
  readonly violations: readonly SchemaViolation[];
  /** Features that are not in the schema and that it allows, with their types in this file. */
  readonly unlisted: readonly UnlistedFeature[];
}

/** A feature that is not in a schema. */
export interface UnlistedFeature {
  readonly feature: string;
  readonly isList: boolean;
  readonly type: FeatureType;
}

/** What was found in a file. */
export type Examined = Pick<
  RecordScan,
  'format' | 'compression' | 'records' | 'bytes' | 'errors' | 'errorCount' | 'warnings' | 'nextStreams'
>;

const WARNINGS: Record<FormatName, FileWarning | undefined> = {
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

/** The report of a file that was read to its end. */
export function examinedFile(
  input: FileInput,
  found: Examined,
  { seconds, detected }: { readonly seconds: number; readonly detected: boolean },
): FileReport {
  const { format, compression, records, bytes, errors, errorCount } = found;
  return {
    uri: uriOf(input),
    // A file without records and errors is empty, which is no evidence of a format.
    format: records === 0 && errorCount === 0 && detected ? null : format,
    compression,
    ok: errorCount === 0,
    records,
    bytes,
    seconds,
    errors: errors.map((error) => error.toJSON()),
    errorCount,
    unreadable: false,
    warnings: warningsOf(found),
    ...(input.range && { range: input.range }),
  };
}

/** The report of a file that could not be read, or whose format could not be detected. */
export function failedFile(
  input: FileInput,
  error: RecordpipeError,
  known: { readonly [K in 'seconds' | 'compression' | 'format']?: FileReport[K] | undefined } = {},
): FileReport {
  return {
    uri: redacted(uriOf(input)),
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

/** The warnings about a file. */
export function warningsOf({
  format,
  bytes,
  records,
  errorCount,
  warnings,
  nextStreams = 0,
}: Omit<Examined, 'compression' | 'errors'>): FileWarning[] {
  if (records === 0 && errorCount === 0) return [bytes === 0 ? EMPTY : NO_RECORDS];
  const warning = warnings > 0 ? WARNINGS[format] : undefined;
  return [...(warning === undefined ? [] : [warning]), ...(nextStreams > 0 ? [SEVERAL_STREAMS] : [])];
}

/** What a run requires of files beyond sound data. */
export interface Requirements {
  readonly failOnEmpty: boolean;
  readonly strictShards: boolean;
  /** Called with record counts that differ from those of a description. */
  readonly onNotice: (notice: InputNotice) => void;
}

/**
 * The report, with a finding if a sound file has no records or not as many as its description
 * lists.
 */
export function judgeFile(
  report: FileReport,
  { expectedRecords, range }: FileInput,
  { failOnEmpty, strictShards, onNotice }: Requirements,
): FileReport {
  const { uri, records, errorCount } = report;
  if (errorCount > 0 || range !== undefined) return report;
  if (failOnEmpty && records === 0) return withFinding(report, 'no-records', 'the file has no records');
  if (expectedRecords === undefined || records === expectedRecords) return report;
  const message = `${records} records, but dataset_info.json lists ${expectedRecords}`;
  if (strictShards) return withFinding(report, 'incomplete-shards', message);
  const notice = { code: 'record-count', uri, expected: expectedRecords, records } as const;
  onNotice({ ...notice, message: `${uri} has ${message}` });
  return report;
}

function withFinding(report: FileReport, code: ErrorCode, message: string): FileReport {
  const error = new RecordpipeError(code, message, { uri: report.uri }).toJSON();
  return { ...report, ok: false, errors: [error], errorCount: 1 };
}
