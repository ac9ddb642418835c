import { html, joined, Markup, NOTHING } from '../../check/stats/html/charts.ts';
import { htmlDocument } from '../../check/stats/html/document.ts';
import { numberOf } from '../../check/stats/words.ts';
import { CHART_HEIGHT, CHART_STYLE, CHART_WIDTH, durationText, metricChart, spanOf } from './metric-chart.ts';
import { type MetricSeries, type MetricsReport, valueText } from './metrics.ts';

/** Styles in addition to those of the statistics page. */
const PAGE_STYLE = `
.curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));gap:14px}
.curves section{margin:0;min-width:0}
.curves h2{overflow-wrap:anywhere}
.curves .note{margin-bottom:6px;font-variant-numeric:tabular-nums}
ul.problems{margin:0;padding-left:18px;overflow-wrap:anywhere}
td.number,th.number{text-align:right}`;

/**
 * Renders metrics as one self-contained HTML page with a chart for each metric. The page has no
 * scripts, needs no network, and adapts to light and dark mode and all screen widths.
 */
export function metricsPage(report: MetricsReport, jobName: string): string {
  const { metrics } = report;
  const title = `Metrics of ${jobName}`;
  return htmlDocument({
    title,
    header: overview(report),
    body: html`${problems(metrics)}<div class="curves">
${joined(metrics.map(card(report)), '\n')}
</div>
${table(metrics)}`,
    footer:
      'Written by recordpipe train --metrics-out. Each time is the time at which recordpipe read the log line.',
    style: CHART_STYLE + PAGE_STYLE,
  });
}

function overview(report: MetricsReport): string {
  const { metrics } = report;
  const hosts = new Set(metrics.flatMap((metric) => metric.hosts.map(({ host }) => host)));
  const values = metrics.reduce((sum, { count }) => sum + count, 0);
  const { from, to } = spanOf(report);
  const parts = [numberOf(metrics.length, 'metric'), numberOf(values, 'value'), numberOf(hosts.size, 'host')];
  return [...parts, ...(to > from ? [`over ${durationText((to - from) / 1000)}`] : [])].join(', ');
}

function card(report: MetricsReport): (metric: MetricSeries) => Markup {
  return (metric) =>
    html`<section><h2>${metric.name}</h2><p class="note">${summaryText(metric)}</p>${metric.count === 0 ? NOTHING : metricChart(metric, report)}</section>`;
}

function summaryText({ count, last, min, max }: MetricSeries): string {
  if (last === undefined || min === undefined || max === undefined) return 'no values';
  return `${numberOf(count, 'value')}; last ${valueText(last)}, lowest ${valueText(min)}, highest ${valueText(max)}`;
}

function problems(metrics: readonly MetricSeries[]): Markup {
  const found = metrics.flatMap(({ problem }) => (problem === undefined ? [] : [html`<li>${problem}</li>`]));
  if (found.length === 0) return NOTHING;
  return html`<section class="wrong"><h2 class="bad">Problems with patterns</h2><ul class="problems">${found}</ul></section>
`;
}

function table(metrics: readonly MetricSeries[]): Markup {
  const cell = (value: number | undefined): Markup =>
    html`<td class="number">${value === undefined ? '' : valueText(value)}</td>`;
  const rows = metrics.flatMap((metric) =>
    metric.hosts.map(
      ({ host, count, first, last, min, max }) =>
        html`<tr><th scope="row">${metric.name}</th><td>${host}</td>${[count, first, last, min, max].map(cell)}</tr>`,
    ),
  );
  if (rows.length === 0) return NOTHING;
  const heads = ['Values', 'First', 'Last', 'Lowest', 'Highest'].map(
    (head) => html`<th scope="col" class="number">${head}</th>`,
  );
  return html`<section><h2>All metrics</h2><div class="scroll"><table><thead><tr><th scope="col">Metric</th><th scope="col">Host</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

/** Height of the title of the drawing, and of the name of each metric. */
const TITLE_HEIGHT = 44;
const NAME_HEIGHT = 30;
const MARGIN = 20;

/**
 * Renders metrics as one SVG drawing with the charts stacked vertically. Adapts to light and dark
 * mode.
 */
export function metricsSvg(report: MetricsReport, jobName: string): string {
  const shown = report.metrics.filter(({ count }) => count > 0);
  const each = NAME_HEIGHT + CHART_HEIGHT;
  const height = TITLE_HEIGHT + Math.max(1, shown.length) * each + MARGIN;
  const width = CHART_WIDTH + 2 * MARGIN;
  const charts = shown.map((metric, i) => {
    const y = TITLE_HEIGHT + i * each;
    return html`<text class="name" x="${MARGIN}" y="${y + 20}">${metric.name}</text><svg x="${MARGIN}" y="${y + NAME_HEIGHT}" width="${CHART_WIDTH}" height="${CHART_HEIGHT}">${metricChart(metric, report)}</svg>`;
  });
  const none =
    shown.length > 0
      ? NOTHING
      : html`<text class="tick" x="${MARGIN}" y="${TITLE_HEIGHT + 20}">no values</text>`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>Metrics of ${jobName}</title>
<style>${new Markup(SVG_STYLE + CHART_STYLE)}
</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="${MARGIN}" y="30">Metrics of ${jobName}</text>
${joined(charts, '\n')}${none}
</svg>
`.text;
}

const SVG_STYLE = `
:root{color-scheme:light dark;--card:#fff;--text:#1b2129;--muted:#566070;--line:#dde1e7;--data:#24718f}
@media(prefers-color-scheme:dark){:root{--card:#171c23;--text:#e7ebf0;--muted:#a0abb9;--line:#2b333e;--data:#5cb3d1}}
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--text)}
.page{fill:var(--card)}
.title{font-size:19px;font-weight:700}
.name{font-size:15px;font-weight:600}`;
