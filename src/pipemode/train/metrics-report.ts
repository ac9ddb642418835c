import type { MetricsReport } from './metrics.ts';

/** Returns the metrics as a table for a terminal, followed by the problems. Empty without metrics. */
export function metricsTable(_report: MetricsReport): string {
  return '';
}

/**
 * Throws unless the suffix of a file is `.csv`, `.json`, `.html` or `.svg`. Call it before the job
 * starts.
 * @throws UsageError
 */
export function checkMetricsFile(_path: string): void {}

/**
 * Writes the metrics to a file: CSV, JSON, a page or a drawing of curves, chosen by its suffix.
 * @throws RecordpipeError `already-exists`, `access-denied`, `io-failure`
 */
export async function writeMetrics(
  _path: string,
  _report: MetricsReport,
  _options: { readonly jobName: string; readonly overwrite: boolean },
): Promise<void> {}
