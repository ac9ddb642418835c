import type {
  CheckedFile,
  CheckedReport,
  SchemaTotal,
  UnlistedFeature,
  ValidateReport,
} from './validate-report.ts';

/** The report with what its files say of the schema summed up, and with what only shows when they are seen together: features of several types. */
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

/** Features that the schema says nothing of, and that are of one type in one file and of another in the next. */
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
