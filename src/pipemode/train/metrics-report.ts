import { UsageError } from '../../errors.ts';
import { writeWhole } from '../../records/write/prepare-output.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { withVisible } from '../manifest/json-cursor.ts';
import { type MetricSeries, type MetricSummary, type MetricsReport, valueText } from './metrics.ts';

/** Options for writing metrics. */
export interface MetricsFileOptions {
  /** Name of the job. */
  readonly jobName: string;
  /** Whether to replace an existing file. */
  readonly overwrite: boolean;
  /** Options for `s3://` addresses. */
  readonly objects?: Partial<ObjectOptions> | undefined;
  /** Aborts the operation. */
  readonly signal?: AbortSignal | undefined;
}

type MetricsFormat = 'csv' | 'json' | 'html' | 'svg';
const FORMATS: readonly MetricsFormat[] = ['csv', 'json', 'html', 'svg'];

/**
 * Formats the metrics as a text table, followed by a line for each problem. With several hosts,
 * each host has its own row. Returns an empty string if there are no metrics.
 *
 * @example
 * ```ts
 * import { MetricLog, metricsTable } from 'recordpipe/pipemode/train';
 * const log = new MetricLog([{ name: 'loss', regex: 'loss=([0-9.]+)' }]);
 * log.feed('algo-1', 'loss=0.5');
 * console.log(metricsTable(log.report()));
 * // metric  values  first  last  min  max
 * // loss         1    0.5   0.5  0.5  0.5
 * ```
 */
export function metricsTable({ metrics }: MetricsReport): string {
  if (metrics.length === 0) return '';
  const byHost = metrics.some(({ hosts }) => hosts.length > 1);
  const head = ['metric', ...(byHost ? ['host'] : []), 'values', 'first', 'last', 'min', 'max'];
  const names = byHost ? 2 : 1;
  const rows = metrics.flatMap((metric) => rowsOf(metric, byHost));
  const all = [head, ...rows];
  const widths = head.map((_, i) => all.reduce((width, row) => Math.max(width, [...row[i]].length), 0));
  const lines = all.map((row) =>
    row
      .map((cell, i) => {
        const space = ' '.repeat(widths[i] - [...cell].length);
        return i < names ? cell + space : space + cell;
      })
      .join('  ')
      .trimEnd(),
  );
  const problems = metrics.flatMap(({ problem }) => (problem === undefined ? [] : [withVisible(problem)]));
  return [...lines, ...problems].join('\n');
}

function rowsOf(metric: MetricSeries, byHost: boolean): string[][] {
  const name = withVisible(metric.name);
  if (!byHost) return [[name, ...summaryTexts(metric)]];
  if (metric.hosts.length === 0) return [[name, '', ...summaryTexts(metric)]];
  return metric.hosts.map((own) => [name, withVisible(own.host), ...summaryTexts(own)]);
}

function summaryTexts({ count, first, last, min, max }: MetricSummary): string[] {
  return [
    String(count),
    ...[first, last, min, max].map((value) => (value === undefined ? '-' : valueText(value))),
  ];
}

/**
 * Checks that the suffix of a file is `.csv`, `.json`, `.html` or `.svg`. Call this before the job
 * starts.
 * @throws UsageError for any other suffix
 * @example
 * ```ts
 * import { checkMetricsFile } from 'recordpipe/pipemode/train';
 * checkMetricsFile('metrics.csv'); // the suffix is known, so nothing happens
 * ```
 */
export function checkMetricsFile(path: string): void {
  formatOf(path);
}

function formatOf(path: string): MetricsFormat {
  const suffix = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  const format = FORMATS.find((one) => one === suffix);
  if (format !== undefined) return format;
  throw new UsageError(`--metrics-out: expected a file name with .csv, .json, .html or .svg, got ${path}`);
}

/**
 * Writes the metrics to a file or object. The suffix selects the format. `.csv` and `.json` contain
 * all points; `.html` is a page and `.svg` a drawing, each with a chart per metric.
 *
 * @throws UsageError for any other suffix
 * @throws RecordpipeError `already-exists` unless `overwrite`; `not-found` (no such folder),
 *   `access-denied`, `retries-exhausted`, `io-failure`
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { MetricLog, writeMetrics } from 'recordpipe/pipemode/train';
 * const log = new MetricLog([{ name: 'loss', regex: 'loss=([0-9.]+)' }]);
 * log.feed('algo-1', 'loss=0.5', 0);
 * await writeMetrics('metrics.csv', log.report(), { jobName: 'job-1', overwrite: true });
 * console.log(readFileSync('metrics.csv', 'utf8').split('\n')[1]); // loss,algo-1,1970-01-01T00:00:00.000Z,0.5
 * ```
 */
export async function writeMetrics(
  path: string,
  report: MetricsReport,
  { jobName, ...options }: MetricsFileOptions,
): Promise<void> {
  const text = await metricsText(formatOf(path), report, jobName);
  await writeWhole(path, [Buffer.from(text)], options);
}

async function metricsText(format: MetricsFormat, report: MetricsReport, jobName: string): Promise<string> {
  if (format === 'csv') return csvText(report);
  if (format === 'json') return jsonText(report, jobName);
  const { metricsPage, metricsSvg } = await import('./metrics-page.ts');
  return format === 'html' ? metricsPage(report, jobName) : metricsSvg(report, jobName);
}

/** Formats points as CSV (RFC 4180), one row per point. */
function csvText({ metrics }: MetricsReport): string {
  const rows = metrics.flatMap(({ name, points }) =>
    points.map(({ host, timeMs, value }) => [name, host, new Date(timeMs).toISOString(), String(value)]),
  );
  return [['metric', 'host', 'time', 'value'], ...rows]
    .map((row) => `${row.map(csvCell).join(',')}\n`)
    .join('');
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonText({ metrics }: MetricsReport, jobName: string): string {
  const summary = ({ count, first, last, min, max }: MetricSummary): object => ({
    count,
    first: first ?? null,
    last: last ?? null,
    min: min ?? null,
    max: max ?? null,
  });
  const list = metrics.map((metric) => ({
    name: metric.name,
    regex: metric.regex,
    ...summary(metric),
    problem: metric.problem ?? null,
    hosts: metric.hosts.map((own) => ({ host: own.host, ...summary(own) })),
    points: metric.points.map(({ host, timeMs, value }) => ({
      host,
      time: new Date(timeMs).toISOString(),
      value,
    })),
  }));
  return `${JSON.stringify({ job: jobName, metrics: list }, undefined, 2)}\n`;
}
