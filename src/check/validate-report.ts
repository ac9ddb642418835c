import type { ErrorJson } from '../errors.ts';
import type { Compression } from '../formats/compression.ts';
import type { FormatName } from '../formats/registry.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import type { RecordRange } from './file-task.ts';
import type { FeatureType } from './schema/schema.ts';
import type { SchemaViolation } from './schema/schema-checker.ts';

/** One thing that is wrong with a file: the error as JSON. */
export interface Finding extends ErrorJson {}

/** Something about a file that is worth knowing and does not make it bad. */
export interface FileWarning {
  /**
   * Stable kebab-case word. `missing-final-delimiter`: the last line of a text has no line end, so that it is joined with the first line of a file
   * that follows, in a pipe for example. `missing-final-padding`: RecordIO's last record lacks its padding (with `strictPadding: false`).
   * `empty-file`: the file has 0 bytes. `no-records`: the file, a compressed one for example, is sound and has no records.
   * `several-zlib-streams`: TensorFlow reads only the first of several zlib streams.
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
 * What is known about one file. The fields up to `errors` are a stable contract; more may be added behind them.
 */
export interface FileReport {
  /** The path as it was given or found; `<stdin>` for standard input. */
  readonly uri: string;
  /** The format that was checked; null if it was to be detected and the file is empty or of no known format. */
  readonly format: FormatName | null;
  /** Compression of the whole file; null where it could not be read so far. */
  readonly compression: Compression | null;
  /** Whether every byte of the file is accounted for. */
  readonly ok: boolean;
  /** Good records. */
  readonly records: number;
  /** Bytes of the file as stored; of a pipe, those that were read. */
  readonly bytes: number;
  /** Wall time of the check. */
  readonly seconds: number;
  /** The first `maxErrors` findings, in file order. */
  readonly errors: readonly Finding[];
  /** All findings, those beyond `maxErrors` included. */
  readonly errorCount: number;
  /** Whether the file could not be read to its end (missing, no permission, I/O failure): nothing is said about its data. */
  readonly unreadable: boolean;
  /** What is odd without being wrong. */
  readonly warnings: readonly FileWarning[];
  /** Of a part of a file: which. `records` and `bytes` are those of the part; records and offsets of findings are those of the file. */
  readonly range?: RecordRange;
  /** With a schema: what was found of it in this file. */
  readonly schema?: FileSchemaReport;
}

/** The report of a file without what differs from run to run. */
export type CheckedFile = Omit<FileReport, 'seconds'>;

/** What of a schema was found in a file. */
export interface FileSchemaReport {
  /** The rules that records of the file break; each is also one finding, with code `schema-mismatch` at the first such record. */
  readonly violations: readonly SchemaViolation[];
  /** Features that the schema says nothing of and allows, and their type in this file. */
  readonly unlisted: readonly UnlistedFeature[];
}

/** A feature that a schema says nothing of. */
export interface UnlistedFeature {
  readonly feature: string;
  readonly isList: boolean;
  readonly type: FeatureType;
}

/** A rule of a schema that records break, over all files. */
export interface SchemaTotal extends SchemaViolation {
  /** The file of the first such record. */
  readonly uri: string;
  /** Files with such records. */
  readonly files: number;
}

/** Sums over the files of a report. */
export interface ReportTotals {
  /** Files that were checked. */
  readonly files: number;
  /** Good records. */
  readonly records: number;
  /** Bytes as stored. */
  readonly bytes: number;
  /** Files that are not ok, unreadable ones included. */
  readonly bad: number;
  /** Files that could not be read. */
  readonly unreadable: number;
  /** Files that were not looked at, or not to their end, because `failFast` stopped the check. */
  readonly notChecked: number;
  /** Files with warnings. */
  readonly warned: number;
}

/**
 * What `validateFiles` found: the document that `recordpipe validate --json` prints. `ok`, `files` and, of `totals`, `files`, `records`,
 * `bytes` and `bad` are a stable contract; fields may be added.
 */
export interface ValidateReport {
  /**
   * Whether every file is ok and every file was checked. A file without records is ok, and so is a run without files,
   * unless `failOnEmpty`; missing and mixed shards are ok unless `strictShards`. Each of them is a warning or notice.
   */
  readonly ok: boolean;
  /** One entry per file, sorted by uri in the order of its UTF-8 bytes. */
  readonly files: readonly FileReport[];
  readonly totals: ReportTotals;
  /** Present if a signal stopped the run: the report lists only what was found until then. Only the command line writes such reports. */
  readonly interrupted?: Interruption;
  /** What is odd about the inputs: files in folders that were skipped, missing and mixed shards, no inputs at all. */
  readonly notices: readonly InputNotice[];
  /** With a schema: the rules that are broken, those that most records break first. */
  readonly violations?: readonly SchemaTotal[];
}

/** What an interrupted run knows about the files it did not finish. */
export interface Interruption {
  /** Findings in files that were being checked. */
  readonly unfinished: readonly (Finding & { readonly uri: string })[];
}

/** A report without what differs from run to run. */
export interface CheckedReport extends Omit<ValidateReport, 'files' | 'notices'> {
  readonly files: readonly CheckedFile[];
}

/**
 * Sums up the reports of files.
 *
 * @param notChecked number of files without a report
 * @example
 * ```ts
 * import { validateReport } from 'recordpipe/check';
 * console.log(validateReport([], 2).totals.notChecked); // 2
 * ```
 */
export function validateReport<F extends CheckedFile>(
  files: readonly F[],
  notChecked: number,
): Omit<ValidateReport, 'files' | 'notices'> & { readonly files: readonly F[] } {
  let records = 0;
  let bytes = 0;
  let bad = 0;
  let unreadable = 0;
  let warned = 0;
  for (const file of files) {
    records += file.records;
    bytes += file.bytes;
    if (!file.ok) bad++;
    if (file.unreadable) unreadable++;
    if (file.warnings.length > 0) warned++;
  }
  const totals = { files: files.length, records, bytes, bad, unreadable, notChecked, warned };
  return { ok: bad === 0 && notChecked === 0, files, totals };
}
