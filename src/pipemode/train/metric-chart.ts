import { html, type Markup } from '../../check/stats/html/charts.ts';
import { type MetricPoint, type MetricSeries, type MetricsReport, valueText } from './metrics.ts';

/** Size of a chart in SVG units, and the margins of its plot area. */
export const CHART_WIDTH = 540;
export const CHART_HEIGHT = 220;
const LEFT = 62;
const RIGHT: number = CHART_WIDTH - 14;
const TOP = 22;
const BOTTOM: number = CHART_HEIGHT - 28;

/** Number of colors. Further hosts reuse the colors with dashed lines. */
const COLORS = 6;
/** Number of columns of a curve. Each column shows at most its lowest and highest values. */
const COLUMNS = 500;
/** Minimum time span for a time axis. For shorter spans, values are numbered instead. */
const MIN_SPAN_MS = 1000;

/** Styles of the charts. They use the colors of the statistics page. */
export const CHART_STYLE: string = `
:root{--c1:var(--data);--c2:#b35c00;--c3:#6a4fb3;--c4:#2e7d32;--c5:#b3261e;--c6:#8a6d00}
@media(prefers-color-scheme:dark){:root{--c2:#f0a35e;--c3:#b09cf0;--c4:#7cc47f;--c5:#ff9c92;--c6:#d9bf55}}
.chart{display:block;width:100%;height:auto}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .base{stroke:var(--muted);stroke-width:1}
.tick{font-size:12px;fill:var(--muted);font-variant-numeric:tabular-nums}
.curve{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.dash{stroke-dasharray:5 4}
${Array.from({ length: COLORS }, (_, i) => `.s${i + 1}{stroke:var(--c${i + 1})}.f${i + 1}{fill:var(--c${i + 1})}`).join('\n')}`;

/** Returns the times of the first and last point of all metrics. */
export function spanOf({ metrics }: MetricsReport): { from: number; to: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { points } of metrics)
    for (const { timeMs } of points) {
      from = Math.min(from, timeMs);
      to = Math.max(to, timeMs);
    }
  return from > to ? { from: 0, to: 0 } : { from, to };
}

/**
 * Draws the values of a metric over time, with one curve per host.
 * @param report all metrics, which share the time axis
 */
export function metricChart(metric: MetricSeries, report: MetricsReport): Markup {
  const { name, hosts, points, min = 0, max = 0 } = metric;
  const { from, to } = spanOf(report);
  const curves = hosts.map(({ host }) => points.filter((point) => point.host === host));
  const timed = to - from >= MIN_SPAN_MS;
  const longest = curves.reduce((most, curve) => Math.max(most, curve.length), 1);
  const xEnd = timed ? (to - from) / 1000 : Math.max(1, longest - 1);
  const ys = niceTicks(min, max);
  const [low, high] = [ys[0], ys[ys.length - 1]];
  const x = (at: number): number => round(LEFT + (at / xEnd) * (RIGHT - LEFT));
  const y = (value: number): number => round(BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP));
  const places = curves.map((curve) =>
    thinned(
      curve.map((point, i) => ({ at: timed ? (point.timeMs - from) / 1000 : i, value: point.value })),
      xEnd,
    ).map(({ at, value }) => [x(at), y(value)] as const),
  );
  const grid = ys.map(
    (value) =>
      html`<line class="${value === low ? 'base' : 'grid'}" x1="${LEFT}" x2="${RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" text-anchor="end" x="${LEFT - 8}" y="${y(value) + 4}">${valueText(value)}</text>`,
  );
  const labels = (timed ? timeTicks(xEnd) : countTicks(longest)).map(
    ({ at, text }) =>
      html`<text class="tick" text-anchor="middle" x="${x(at)}" y="${BOTTOM + 18}">${text}</text>`,
  );
  const lines = places.map((place, i) => curveOf(place, i, `${hosts[i].host}: ${describe(curves[i])}`));
  const unit = timed ? 'time' : 'value number';
  return html`<svg class="chart" role="img" viewBox="0 0 ${CHART_WIDTH} ${CHART_HEIGHT}"><title>${name} by ${unit}</title>${grid}${labels}${hosts.length > 1 ? legend(hosts) : ''}${lines}</svg>`;
}

function curveOf(places: readonly (readonly [number, number])[], index: number, title: string): Markup {
  const color = (index % COLORS) + 1;
  const [x, y] = places[places.length - 1];
  const line =
    places.length > 1
      ? html`<polyline class="curve s${color}${dash(index)}" points="${places.map((place) => place.join(',')).join(' ')}"/>`
      : '';
  return html`<g><title>${title}</title>${line}<circle class="f${color}" cx="${x}" cy="${y}" r="3"/></g>`;
}

function dash(index: number): string {
  return index >= COLORS ? ' dash' : '';
}

/** Average width of a letter in the legend. */
const LETTER = 6.4;

function legend(hosts: readonly { readonly host: string }[]): Markup {
  let x = LEFT;
  const entries: Markup[] = [];
  for (const [i, { host }] of hosts.entries()) {
    const width = 30 + host.length * LETTER;
    if (x + width > RIGHT) {
      entries.push(html`<text class="tick" x="${x}" y="12">and ${hosts.length - i} more</text>`);
      break;
    }
    entries.push(
      html`<line class="curve s${(i % COLORS) + 1}${dash(i)}" x1="${x}" x2="${x + 16}" y1="8" y2="8"/><text class="tick" x="${x + 21}" y="12">${host}</text>`,
    );
    x += width;
  }
  return html`${entries}`;
}

function describe(points: readonly MetricPoint[]): string {
  const [first, last] = [points[0], points[points.length - 1]];
  return `${points.length} values, from ${valueText(first.value)} to ${valueText(last.value)}`;
}

interface Place {
  readonly at: number;
  readonly value: number;
}

/** Keeps the first, lowest, highest and last point of each column, so that no peak is lost. */
function thinned(places: readonly Place[], end: number): readonly Place[] {
  if (places.length <= 2 * COLUMNS) return places;
  const kept: Place[] = [];
  let column: Place[] = [];
  let index = 0;
  const close = (): void => {
    if (column.length === 0) return;
    const low = column.reduce((a, b) => (b.value < a.value ? b : a));
    const high = column.reduce((a, b) => (b.value > a.value ? b : a));
    const ends = [column[0], low, high, column[column.length - 1]];
    for (const end of new Set(ends.sort((a, b) => a.at - b.at))) kept.push(end);
    column = [];
  };
  for (const place of places) {
    const own = Math.floor((place.at / end) * COLUMNS);
    if (own !== index) close();
    index = own;
    column.push(place);
  }
  close();
  return kept;
}

/** Returns three to seven round numbers that span a range. */
function niceTicks(min: number, max: number): number[] {
  const span = max - min || Math.abs(max) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => span / one <= 4.5)!;
  const first = Math.floor(min / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Possible tick intervals of a time axis, in seconds. */
const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400,
];
const MAX_TIME_TICKS = 6;

function timeTicks(end: number): { at: number; text: string }[] {
  const fits = TIME_STEPS.find((step) => end / step <= MAX_TIME_TICKS);
  const step = fits ?? 86400 * Math.ceil(end / 86400 / MAX_TIME_TICKS);
  const count = Math.floor(end / step) + 1;
  return Array.from({ length: count }, (_, i) => ({ at: i * step, text: durationText(i * step) }));
}

function countTicks(count: number): { at: number; text: string }[] {
  const step = Math.max(1, Math.ceil((count - 1) / MAX_TIME_TICKS));
  return Array.from({ length: Math.floor((count - 1) / step) + 1 }, (_, i) => ({
    at: i * step,
    text: String(i * step + 1),
  }));
}

/** Formats a duration with its largest unit: `45 s`, `2 min`, `1.5 h`, `3 d`. */
export function durationText(seconds: number): string {
  const [unit, length] = (
    [
      ['d', 86400],
      ['h', 3600],
      ['min', 60],
      ['s', 1],
    ] as const
  ).find(([, one]) => seconds >= one) ?? ['s', 1];
  return `${Number((seconds / length).toPrecision(3))} ${unit}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
