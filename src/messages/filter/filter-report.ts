import { nearestName } from '../../bytes/arguments.ts';

/** Result of a filter. */
export interface FilterReport {
  /** The filter expression. */
  readonly expression: string;
  /** Number of records that the filter tested. */
  readonly tested: number;
  /** Number of records that passed the filter. */
  readonly matched: number;
  /** Features in the expression that no tested record has, in sorted order. */
  readonly missing: readonly string[];
}

/** Counts of a filter, which are added up over files and threads. */
export interface FilterCounts extends FilterReport {
  /** Names of features of some records that lack one of the features, as suggestions. */
  readonly names: readonly string[];
}

/** Adds up the results of a filter over parts of the data. */
export function mergeFilterReports(a: FilterReport, b: FilterReport): FilterReport {
  return {
    expression: a.expression,
    tested: a.tested + b.tested,
    matched: a.matched + b.matched,
    missing: a.missing.filter((name) => b.missing.includes(name)),
  };
}

/** Adds up the counts of a filter over parts of the data. */
export function mergeFilterCounts(a: FilterCounts, b: FilterCounts): FilterCounts {
  const names = a.names.length === 0 ? b.names : [...new Set([...a.names, ...b.names])];
  return { ...mergeFilterReports(a, b), names: names.slice(0, MAX_NAMES) };
}

/** Returns the counts without the names, which depend on how the data was divided. */
export function filterReport({ names: _, ...report }: FilterCounts): FilterReport {
  return report;
}

/**
 * Returns a notice for each feature of the expression that no record has, with the most similar name
 * that one has.
 */
export function missingFeatures({ expression, tested, missing, names }: FilterCounts): string[] {
  if (tested === 0) return [];
  const sorted = [...names].sort();
  // A name that is not quoted, such as image/height, is arithmetic with the features image and height.
  const unquoted = expression.replace(/"[^"]*"|'[^']*'/g, '""');
  const parsed = sorted.filter((name) => /[^\w.]/.test(name) && unquoted.includes(name)).reverse();
  return missing.map((name) => {
    const nearest =
      parsed.find((whole) => whole.split(/[^\w.]+/).includes(name)) ?? nearestName(name, sorted);
    const next = nearest === undefined ? '' : `; did you mean ${written(nearest)}?`;
    return `where: no record has a feature ${JSON.stringify(name)}${next}`;
  });
}

/** Returns a name as it is written in an expression. */
function written(name: string): string {
  return /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(name)
    ? JSON.stringify(name)
    : `feature(${JSON.stringify(name)})`;
}

/** Maximum number of suggestions. */
const MAX_NAMES = 10_000;
