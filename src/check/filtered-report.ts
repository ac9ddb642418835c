import {
  type FilterCounts,
  type FilterReport,
  filterReport,
  mergeFilterCounts,
  missingFeatures,
} from '../messages/filter/filter-report.ts';
import type { InputOptions } from '../records/inputs/input-options.ts';
import type { LookedReport } from './look-inside.ts';

/**
 * Returns the result of a filter over all files. Notifies the caller of each feature of the
 * expression that no record has.
 */
export function filteredReport(
  expression: string,
  files: readonly LookedReport[],
  onNotice: InputOptions['onNotice'],
): FilterReport {
  const all = files.flatMap(({ where }) => (where === undefined ? [] : [where]));
  const none: FilterCounts = { expression, tested: 0, matched: 0, missing: [], names: [] };
  const counts = all.length === 0 ? none : all.reduce(mergeFilterCounts);
  for (const message of missingFeatures(counts)) onNotice?.({ code: 'unknown-feature', message });
  return filterReport(counts);
}

/** Checks an expression before any file is read. @throws UsageError for an invalid one */
export async function checkFilter(expression: string): Promise<void> {
  const { compileFilter } = await import('../messages/filter/index.ts');
  await compileFilter(expression);
}
