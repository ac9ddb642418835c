import { DATA_ERROR_CODES, type ErrorCode, type ErrorJson, RecordpipeError, redacted } from '../errors.ts';
import type { Compression } from '../formats/codec-options.ts';
import type { FormatName } from '../formats/names/index.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import type { RecordScan } from '../records/scan-source.ts';
import { type FileInput, type RecordRange, storedBytes, uriOf } from './file-input.ts';
import type { FeatureType } from './schema/schema.ts';
import type { SchemaViolation } from './schema/violations.ts';

/** A problem in a file, in the JSON form of an error. */
export interface Finding extends ErrorJson {}

/** A warning about a file. A warning does not make the file invalid. */
export interface FileWarning {
  /**
   * Stable kebab-case code. `missing-final-delimiter`: the last line of a text file has no line
   * ending, so a reader that concatenates files joins this line and the first line of the next
   * file. `missing-final-padding`: the last RecordIO record has no padding (reported only if
   * `strictPadding` is false). `empty-file`: the file is empty. `no-records`: the file is valid but
   * contains no records. `several-zlib-streams`: the file contains several zlib streams, and
   * TensorFlow reads only the first.
   */
  readonly code:
    | 'missing-final-delimiter'
    | 'missing-final-padding'
    | 'empty-file'
    | 'no-records'
    | 'several-zlib-streams';
  /** Human-readable description. */
  readonly message: string;
}

/**
 * Result of checking one file. The fields up to `errors` are stable. Releases may add other fields.
 */
export interface FileReport {
  /** Path as specified or found; `<stdin>` for standard input. */
  readonly uri: string;
  /**
   * Specified or detected format of the file; null if the file is empty or its format could not be
   * detected.
   */
  readonly format: FormatName | null;
  /**
   * Compression of the whole file; null if not enough of the file could be read to detect the
   * compression.
   */
  readonly compression: Compression | null;
  /** Whether the whole file is valid. */
  readonly ok: boolean;
  /** Number of valid records. */
  readonly records: number;
  /** Stored size, in bytes; for a pipe, the number of bytes read. */
  readonly bytes: number;
  /** Duration of the check, in seconds. */
  readonly seconds: number;
  /** The first findings in the file, up to `maxErrors` (`--max-errors`, default 100). */
  readonly errors: readonly Finding[];
  /** Number of all findings, including findings that `errors` does not list. */
  readonly errorCount: number;
  /**
   * Whether the file could not be read to its end because the file is missing, permission was
   * denied, or I/O failed. If true, the report does not show whether the data is valid.
   */
  readonly unreadable: boolean;
  /** Warnings about the file. Warnings do not make the file invalid. */
  readonly warnings: readonly FileWarning[];
  /**
   * Offset of the damage at which the check stopped. The check cannot continue past such damage
   * because it does not know where the next record starts. Use `recover: 'scan'` (`--recover`) to
   * check the rest of the file. Omitted if the check did not stop early.
   */
  readonly stoppedAt?: number;
  /**
   * The part of the file that was checked. `records` and `bytes` count only this part; the
   * locations of findings refer to the whole file.
   */
  readonly range?: RecordRange;
  /** Result of checking the records against the schema. Omitted if no schema was specified. */
  readonly schema?: FileSchemaReport;
}

/** The report of a file, without the fields that vary between runs. */
export type CheckedFile = Omit<FileReport, 'seconds'>;

/** Result of checking the records of one file against a schema. */
export interface FileSchemaReport {
  /**
   * Violated rules. Each rule is also listed as one `schema-mismatch` finding, at the first record
   * that violates the rule.
   */
  readonly violations: readonly SchemaViolation[];
  /**
   * Features that are not in the schema, and their types in this file. Empty unless the schema
   * allows such features.
   */
  readonly unlisted: readonly UnlistedFeature[];
}

/** A feature that is not in a schema. */
export interface UnlistedFeature {
  /** Name of the feature or feature list. */
  readonly feature: string;
  /** Whether `feature` is the name of a feature list. */
  readonly isList: boolean;
  /** Type of its values. */
  readonly type: FeatureType;
}

/** Result of examining the contents of a file. */
export type Examined = Pick<
  RecordScan,
  | 'format'
  | 'compression'
  | 'records'
  | 'bytes'
  | 'errors'
  | 'errorCount'
  | 'warnings'
  | 'nextStreams'
  | 'stoppedAt'
>;

const WARNINGS: Record<FormatName, FileWarning | undefined> = {
  tfrecord: undefined,
  recordio: {
    code: 'missing-final-padding',
    message: "the last record has no padding; it is complete, but dmlc's readers reject the file",
  },
  textline: {
    code: 'missing-final-delimiter',
    message:
      'the last line has no line ending; if another file follows, as in Pipe mode, its first line is joined to this line',
  },
};

const EMPTY: FileWarning = {
  code: 'empty-file',
  message: 'the file is empty and has no records; its writer may have been interrupted',
};

const NO_RECORDS: FileWarning = {
  code: 'no-records',
  message: 'the file is valid but has no records; its writer may have been interrupted',
};

const SEVERAL_STREAMS: FileWarning = {
  code: 'several-zlib-streams',
  message:
    'the file consists of several zlib streams, but TensorFlow reads only the first; convert the file to a single stream',
};

/** Builds the report of a file that was read to its end. */
export function examinedFile(
  input: FileInput,
  found: Examined,
  { seconds, detected }: { readonly seconds: number; readonly detected: boolean },
): FileReport {
  const { format, compression, records, bytes, errors, errorCount, stoppedAt } = found;
  return {
    uri: uriOf(input),
    // An empty file gives no evidence of its format.
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
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(input.range && { range: input.range }),
  };
}

/** Builds the report of a file that could not be read, or whose format could not be detected. */
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

/** Returns the warnings about a file. */
export function warningsOf({
  format,
  bytes,
  records,
  errorCount,
  warnings,
  nextStreams = 0,
}: Omit<Examined, 'compression' | 'errors' | 'stoppedAt'>): FileWarning[] {
  if (records === 0 && errorCount === 0) return [bytes === 0 ? EMPTY : NO_RECORDS];
  const warning = warnings > 0 ? WARNINGS[format] : undefined;
  return [...(warning === undefined ? [] : [warning]), ...(nextStreams > 0 ? [SEVERAL_STREAMS] : [])];
}

/** Requirements beyond valid data. */
export interface Requirements {
  readonly failOnEmpty: boolean;
  readonly strictShards: boolean;
  /** Called if the number of records differs from the number in a description of the data. */
  readonly onNotice: (notice: InputNotice) => void;
}

/**
 * Applies the requirements: adds a finding if a valid file has no records, or if its number of
 * records differs from its description.
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
