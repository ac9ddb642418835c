import type { InputNotice } from '../records/inputs/input-options.ts';
import type { CheckedFile, FileReport, Finding, UnlistedFeature } from './file-report.ts';
import type { SchemaViolation } from './schema/violations.ts';

/** Violations of a schema rule, totaled over all files. */
export interface SchemaTotal extends SchemaViolation {
  /** File that contains the first record that violates the rule. */
  readonly uri: string;
  /** Number of files that contain records that violate the rule. */
  readonly files: number;
}

/** Totals over the files of a report. */
export interface ReportTotals {
  /** Number of files checked. */
  readonly files: number;
  /** Number of valid records. */
  readonly records: number;
  /** Total stored size, in bytes. */
  readonly bytes: number;
  /** Number of files that are not ok, including unreadable files. */
  readonly bad: number;
  /** Number of files that could not be read. */
  readonly unreadable: number;
  /** Number of files that were not completely checked because `failFast` stopped the run. */
  readonly notChecked: number;
  /** Number of files with warnings. */
  readonly warned: number;
}

/**
 * Result of `validateFiles`, as printed by `recordpipe validate --json`. `ok`, `files`, and the
 * fields `files`, `records`, `bytes` and `bad` of `totals` are a stable contract; other fields may
 * be added.
 */
export interface ValidateReport {
  /**
   * Whether every file was checked and is ok. Files without records and runs without files are ok
   * unless `failOnEmpty` is set; missing and mixed shards are ok unless `strictShards` is set. Each
   * of these cases is reported as a warning or notice.
   */
  readonly ok: boolean;
  /** One entry per file, sorted by the UTF-8 bytes of `uri`. */
  readonly files: readonly FileReport[];
  /** Totals over all files. */
  readonly totals: ReportTotals;
  /**
   * Present if a signal stopped the run. The report is then partial. Only the command-line program
   * writes partial reports.
   */
  readonly interrupted?: Interruption;
  /** Notices about the inputs, such as skipped files, missing or mixed shards, or no inputs. */
  readonly notices: readonly InputNotice[];
  /** Violated schema rules, most frequent first. Omitted if no schema was specified. */
  readonly violations?: readonly SchemaTotal[];
}

/** Partial results for the files that an interrupted run did not finish. */
export interface Interruption {
  /** Findings in files that were not checked completely. */
  readonly unfinished: readonly (Finding & { readonly uri: string })[];
}

/** A report without the fields that vary between runs. */
export interface CheckedReport extends Omit<ValidateReport, 'files' | 'notices'> {
  /** One entry per file, sorted by the UTF-8 bytes of `uri`. */
  readonly files: readonly CheckedFile[];
}

/**
 * Combines the reports of files into one.
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
 * Returns the report with the schema violations of all files, including those that only a
 * comparison of files reveals: features with several types.
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

/** Returns the features that are not in the schema and whose types differ between files. */
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
