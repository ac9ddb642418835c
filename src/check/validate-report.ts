import type { InputNotice } from '../records/inputs/input-options.ts';
import type { CheckedFile, FileReport, Finding, UnlistedFeature } from './file-report.ts';
import type { SchemaViolation } from './schema/violations.ts';

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
  /** Files that were not checked, or not to their end, because `failFast` stopped the check. */
  readonly notChecked: number;
  /** Files with warnings. */
  readonly warned: number;
}

/**
 * What `validateFiles` found: the document that `recordpipe validate --json` prints. `ok`, `files`,
 * and the fields `files`, `records`, `bytes` and `bad` of `totals` are a stable contract; fields
 * may be added.
 */
export interface ValidateReport {
  /**
   * Whether every file is ok and every file was checked. A file without records is ok, and so is a
   * run without files, unless `failOnEmpty`; missing and mixed shards are ok unless `strictShards`.
   * Each of them is a warning or notice.
   */
  readonly ok: boolean;
  /** One entry per file, sorted by uri in the order of its UTF-8 bytes. */
  readonly files: readonly FileReport[];
  readonly totals: ReportTotals;
  /**
   * Present if a signal stopped the run: the report lists only what was found until then. Only the
   * command line writes such reports.
   */
  readonly interrupted?: Interruption;
  /**
   * What is unusual about the inputs: skipped files, missing and mixed shards, no inputs at all.
   */
  readonly notices: readonly InputNotice[];
  /** With a schema: the broken rules, most often broken first. */
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

/**
 * The report with the schema violations of all files summed up, and with those that only show
 * across files: features of several types.
 */
export function withSchemaTotals<R extends CheckedReport>(report: R): R & Pick<ValidateReport, 'violations'> {
  const totals = new Map<string, SchemaTotal>();
  for (const { uri, schema } of report.files) {
    for (const violation of schema?.violations ?? []) {
      const key = JSON.stringify([violation.rule, violation.feature, violation.isList]);
      const known = totals.get(key);
      totals.set(
        key,
        known === undefined
          ? { ...violation, uri, files: 1 }
          : { ...known, count: known.count + violation.count, files: known.files + 1 },
      );
    }
  }
  const conflicts = typeConflicts(report.files);
  const violations = [...totals.values(), ...conflicts].sort((a, b) => b.count - a.count);
  return { ...report, ok: report.ok && conflicts.length === 0, violations };
}

/** Features not in the schema that have different types in different files. */
function typeConflicts(files: readonly CheckedFile[]): SchemaTotal[] {
  const first = new Map<string, UnlistedFeature & { uri: string }>();
  const found = new Map<string, SchemaTotal>();
  for (const { uri, records, schema } of files) {
    for (const one of schema?.unlisted ?? []) {
      const key = JSON.stringify([one.feature, one.isList]);
      const known = first.get(key);
      if (known === undefined) first.set(key, { ...one, uri });
      else if (known.type !== one.type) {
        const { feature, isList } = one;
        const message = `expected ${known.type} as in ${known.uri}, got ${one.type}`;
        const before = found.get(key);
        found.set(key, {
          ...(before ?? { rule: 'one-type', feature, isList, record: 0, offset: 0, message, uri }),
          count: (before?.count ?? 0) + records,
          files: (before?.files ?? 0) + 1,
        } as SchemaTotal);
      }
    }
  }
  return [...found.values()];
}
