import { type FilterReport, filterReport, missingFeatures } from '../messages/filter/filter-report.ts';
import type { RecordFilter } from '../messages/filter/record-filter.ts';
import type { SelectingOptions } from './transform-options.ts';

/** Returns the filter of `where`, if it is set. @throws UsageError for an invalid expression */
export async function filterOf({
  where,
}: Pick<Partial<SelectingOptions>, 'where'>): Promise<RecordFilter | undefined> {
  if (where === undefined) return undefined;
  const { compileFilter } = await import('../messages/filter/index.ts');
  return compileFilter(where);
}

/**
 * Returns the result of a filter that has tested all records, for the result of a transformation.
 * Notifies the caller of features that no record has.
 */
export function selectedRecords(
  filter: RecordFilter | undefined,
  { onNotice }: Pick<Partial<SelectingOptions>, 'onNotice'>,
): { readonly where?: FilterReport } {
  if (filter === undefined) return {};
  const { counts } = filter;
  for (const message of missingFeatures(counts)) onNotice?.({ code: 'unknown-feature', message });
  return { where: filterReport(counts) };
}
