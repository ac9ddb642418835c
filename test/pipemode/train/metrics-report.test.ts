import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'parse5';
import { expect, test } from 'vitest';
import { MetricLog, type MetricsReport } from '../../../src/pipemode/train/metrics.ts';
import { checkMetricsFile, metricsTable, writeMetrics } from '../../../src/pipemode/train/metrics-report.ts';
import { tempDir } from '../../support/temp-dir.ts';

const dir = tempDir();
const HOSTILE = '</script><svg onload=x>"\u202e';

/** A log of 100 lines with two metrics, a line every 3 s. */
function report(hosts: readonly string[] = ['algo-1'], values = 100): MetricsReport {
  const log = new MetricLog([
    { name: 'train:loss', regex: 'loss=(\\S+)' },
    { name: 'accuracy, "top"', regex: 'acc=(\\S+)' },
    { name: HOSTILE, regex: 'never=(\\d)' },
  ]);
  for (let i = 0; i < values; i++)
    for (const [h, host] of hosts.entries())
      log.feed(host, `loss=${(h + 1) * 0.5 ** (i / 16)} acc=${i / 128}`, 1.7e12 + i * 3000);
  return log.report();
}

async function written(name: string, given: MetricsReport): Promise<string> {
  const path = dir.file(name);
  await writeMetrics(path, given, { jobName: 'job-1', overwrite: true });
  return readFileSync(path, 'utf8');
}

test('the table has a row for each metric, and lists patterns without values', () => {
  expect(metricsTable(report()).split('\n')).toEqual([
    'metric                          values  first       last        min       max',
    'train:loss                         100      1  0.0137207  0.0137207         1',
    'accuracy, "top"                    100      0   0.773438          0  0.773438',
    '</script><svg onload=x>"\\u202e       0      -          -          -         -',
    expect.stringContaining('the pattern never=(\\d) matched no line of the log'),
  ]);
  expect(metricsTable({ metrics: [] })).toBe('');
});

test('the table of several hosts has a row for each host', () => {
  const lines = metricsTable(report(['algo-1', 'algo-2'])).split('\n');
  expect(lines[0]).toMatch(/^metric +host +values +first +last +min +max$/);
  expect(lines[2]).toMatch(/^train:loss +algo-2 +100 +2 +0\.0274414 +0\.0274414 +2$/);
});

test('CSV contains all points', async () => {
  const lines = (await written('m.csv', report())).split('\n');
  expect(lines.length).toBe(202);
  expect(lines.slice(0, 2)).toEqual([
    'metric,host,time,value',
    'train:loss,algo-1,2023-11-14T22:13:20.000Z,1',
  ]);
  expect(lines[101]).toBe('"accuracy, ""top""",algo-1,2023-11-14T22:13:20.000Z,0');
});

test('JSON contains summaries and all points', async () => {
  const { job, metrics } = JSON.parse(await written('m.JSON', report(['algo-1', 'algo-2'])));
  expect(job).toBe('job-1');
  expect(metrics[0]).toMatchObject({ name: 'train:loss', count: 200, first: 1, max: 2, problem: null });
  expect(metrics[0].hosts[1]).toMatchObject({ host: 'algo-2', count: 100, first: 2 });
  expect(metrics[0].points.length).toBe(200);
  expect(metrics[2]).toMatchObject({
    count: 0,
    min: null,
    problem: expect.stringContaining('matched no line'),
  });
});

test('the page has a curve for each metric and host, no script, and escapes all text', async () => {
  const page = await written('m.html', report(['algo-1', 'algo-2']));
  expect(page.match(/<polyline /g)?.length).toBe(4);
  expect(page).toContain('3 metrics, 400 values, 2 hosts, over 4.95 min');
  expect(page).toContain('prefers-color-scheme:dark');
  expect(page).not.toMatch(/<script|onload=x>"|\u202e|NaN|undefined|Infinity/);
  const errors: unknown[] = [];
  parse(page, { onParseError: (error: unknown) => errors.push(error) } as never);
  expect(errors).toEqual([]);
});

test('the drawing is well-formed XML with dark mode', async () => {
  const svg = await written('m.svg', report(['algo-1', 'algo-2', 'algo-3']));
  expect(svg.match(/<polyline /g)?.length).toBe(6);
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(svg).not.toMatch(/<script|\u202e|NaN|undefined|Infinity/);
  // Elements are closed in order.
  const open: string[] = [];
  for (const [, end, name, empty] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/gi)) {
    if (end === '/') expect(open.pop()).toBe(name);
    else if (empty === '') open.push(name);
  }
  expect(open).toEqual([]);
});

test.each([
  ['no values', 0],
  ['one value', 1],
])('a page and a drawing with %s', async (_, values) => {
  for (const name of ['few.html', 'few.svg'])
    expect(await written(name, report(['algo-1'], values))).not.toMatch(/NaN|undefined|Infinity/);
});

test('a curve of 20,000 values keeps its peak and stays small', async () => {
  const log = new MetricLog([{ name: 'm', regex: '(\\d+)' }]);
  for (let i = 0; i < 20_000; i++) log.feed('algo-1', i === 5_234 ? '999' : String(i % 7), i * 50);
  const svg = await written('large.svg', log.report());
  expect(svg.length).toBeLessThan(60_000);
  const ys = svg
    .match(/points="([^"]*)"/)![1]
    .split(' ')
    .map((point) => Number(point.split(',')[1]));
  expect(Math.min(...ys)).toBeLessThan(40);
});

test('only known suffixes are accepted, before anything is written', async () => {
  for (const name of ['m.csv', 'm.json', 'm.html', 'm.svg', 'M.HTML'])
    expect(() => checkMetricsFile(name)).not.toThrow();
  for (const name of ['m.txt', 'm', 'csv', 'm.csv/'])
    expect(() => checkMetricsFile(name)).toThrow(/--metrics-out: expected a file name with .csv/);
  const path = dir.file('m.png');
  await expect(writeMetrics(path, report(), { jobName: 'j', overwrite: true })).rejects.toThrow(
    /--metrics-out/,
  );
  expect(existsSync(path)).toBe(false);
});

test('an existing file is kept without overwrite', async () => {
  const path = dir.file('kept.csv', Buffer.from('mine'));
  await expect(writeMetrics(path, report(), { jobName: 'j', overwrite: false })).rejects.toThrow(
    /already exists/,
  );
  expect(readFileSync(path, 'utf8')).toBe('mine');
});
