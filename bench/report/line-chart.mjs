/**
 * A line chart as SVG: figures by size, both axes logarithmic, with a label at the right end of
 * each line.
 */

import { page, px, text, WIDTH } from './svg.mjs';

const LEFT = 58;
const RIGHT = 300;
const TOP = 64;
const BOTTOM = 52;
const LABEL_HEIGHT = 17;

/**
 * @param {{ title: string, subtitle: string, xTitle: string, height: number,
 *   xs: { value: number, name: string }[],
 *   series: { name: string, kind: 'ours' | 'peer' | 'limit', colour: [light: string, dark: string],
 *     points: { x: number, y: number }[] }[] }} chart
 */
export function lineChart({ title, subtitle, xTitle, height, xs, series }) {
  const values = series.flatMap(({ points }) => points.map(({ y }) => y));
  const yScale = logScale(Math.min(...values) / 1.15, Math.max(...values) * 1.15, height - BOTTOM, TOP);
  const [first, last] = [xs[0].value, xs.at(-1).value];
  const xScale = logScale(first, last, LEFT + 14, WIDTH - RIGHT);
  const labels = spread(
    series.map(({ points }) => yScale(points.at(-1).y)),
    TOP,
    height - BOTTOM + 10,
  );
  const parts = [
    ...yTicks(Math.min(...values), Math.max(...values)).flatMap((y) => [
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT + 6}" y1="${px(yScale(y))}" y2="${px(yScale(y))}"/>`,
      text(LEFT - 8, yScale(y) + 4, String(y), 'quiet', 'end'),
    ]),
    ...xs.map(({ value, name }) => text(xScale(value), height - BOTTOM + 22, name, 'quiet', 'middle')),
    text((LEFT + WIDTH - RIGHT) / 2, height - 12, xTitle, 'quiet', 'middle'),
    // Draw recordpipe's lines last, on top.
    ...series
      .map((one, i) => ({ kind: one.kind, svg: drawSeries(one, i, xScale, yScale, labels[i]) }))
      .sort((a, b) => Number(a.kind === 'ours') - Number(b.kind === 'ours'))
      .map(({ svg }) => svg),
  ];
  const colours = series.map(({ colour }) => colour);
  return page({ title, subtitle, height, colours, parts });
}

function drawSeries({ name, kind, points }, i, xScale, yScale, labelY) {
  const places = points.map(({ x, y }) => [px(xScale(x)), px(yScale(y))]);
  const [endX, endY] = places.at(-1);
  const radius = kind === 'ours' ? 4 : 2.8;
  return [
    `<g class="${kind}">`,
    `<path class="line s${i}" d="M${places.map((place) => place.join(' ')).join(' L')}"/>`,
    ...places.map(([x, y]) => `<circle class="f${i}" cx="${x}" cy="${y}" r="${radius}"/>`),
    `<path class="leader" d="M${endX + 6} ${endY} L${WIDTH - RIGHT + 22} ${px(labelY)}"/>`,
    `<circle class="f${i}" cx="${WIDTH - RIGHT + 28}" cy="${px(labelY)}" r="${radius}"/>`,
    text(WIDTH - RIGHT + 38, labelY + 4.5, name),
    '</g>',
  ].join('\n');
}

function logScale(from, to, start, end) {
  const [a, b] = [Math.log(from), Math.log(to)];
  return (value) => start + ((Math.log(value) - a) / (b - a)) * (end - start);
}

/**
 * Returns the ticks: 1, 2, and 5 times powers of ten, or only powers of ten if the range is large.
 */
function yTicks(min, max) {
  const steps = max / min > 200 ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(1)));
  }
  return ticks.filter((tick) => tick >= min / 1.15 && tick <= max * 1.15);
}

/** Moves labels apart until none overlap, in the order of their lines. */
function spread(heights, top, bottom) {
  const order = heights.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  for (let k = 1; k < order.length; k++) order[k].y = Math.max(order[k].y, order[k - 1].y + LABEL_HEIGHT);
  let limit = bottom;
  for (const label of order.reverse()) {
    label.y = Math.min(label.y, limit);
    limit = label.y - LABEL_HEIGHT;
  }
  // Move labels above the top back down, as far as space permits.
  limit = top;
  for (const label of order.reverse()) {
    label.y = Math.max(label.y, limit);
    limit = label.y + LABEL_HEIGHT;
  }
  const moved = [];
  for (const { y, i } of order) moved[i] = y;
  return moved;
}
