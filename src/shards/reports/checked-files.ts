import { withSchemaTotals } from '../../report/schema-totals.ts';
import {
  type CheckedFile,
  type CheckedReport,
  type FileReport,
  type FileSchemaReport,
  validateReport,
} from '../../report/validate-report.ts';
import { compareFiles } from '../assign.ts';

/** The report of a file without what differs from run to run. */
export function checkedFile({ seconds: _, ...file }: FileReport): CheckedFile {
  return file;
}

/** The report of all files. */
export function totalValidation(
  files: readonly CheckedFile[],
  maxErrors: number,
  withSchema: boolean,
): CheckedReport {
  const sorted = [...files].sort(compareFiles);
  const once: CheckedFile[] = [];
  for (const file of sorted) {
    const last = once[once.length - 1];
    if (file.range !== undefined && last?.uri === file.uri)
      once[once.length - 1] = together(last, file, maxErrors);
    else once.push(file);
  }
  const report = validateReport(once.map(whole), 0);
  return withSchema ? withSchemaTotals(report) : report;
}

/** A file that is put together from its parts is none. */
function whole({ range: _, ...file }: CheckedFile): CheckedFile {
  return file;
}

/** What is known of a part of a file and of the next. */
function together(a: CheckedFile, b: CheckedFile, maxErrors: number): CheckedFile {
  const schema = a.schema && b.schema && bothSchemas(a.schema, b.schema);
  const codes = new Set(a.warnings.map(({ code }) => code));
  return {
    uri: a.uri,
    format: a.format ?? b.format,
    compression: a.compression ?? b.compression,
    ok: a.ok && b.ok,
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    errors: [...a.errors, ...b.errors].slice(0, maxErrors),
    errorCount: a.errorCount + b.errorCount,
    unreadable: a.unreadable || b.unreadable,
    warnings: [...a.warnings, ...b.warnings.filter(({ code }) => !codes.has(code))],
    ...(a.range && { range: a.range }),
    ...(schema && { schema }),
  };
}

function bothSchemas(a: FileSchemaReport, b: FileSchemaReport): FileSchemaReport {
  const key = (one: { readonly feature: string | null; readonly isList: boolean }, more: string): string =>
    JSON.stringify([one.feature, one.isList, more]);
  const violations = new Map(a.violations.map((one) => [key(one, one.rule), one]));
  for (const one of b.violations) {
    const known = violations.get(key(one, one.rule));
    violations.set(key(one, one.rule), known ? { ...known, count: known.count + one.count } : one);
  }
  const unlisted = new Map([...a.unlisted, ...b.unlisted].map((one) => [key(one, one.type), one]));
  return { violations: [...violations.values()], unlisted: [...unlisted.values()] };
}
