/**
 * Filters of records by the values of their features.
 *
 * @module
 */
export {
  type FilterCounts,
  type FilterReport,
  filterReport,
  mergeFilterCounts,
  mergeFilterReports,
  missingFeatures,
} from './filter-report.ts';
export { compileFilter, type RecordFilter } from './record-filter.ts';
