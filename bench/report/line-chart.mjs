/**
 * A line chart as SVG text: figures over sizes, both on logarithmic scales, a name at the right end of each line.
 * Colours follow the reader's light or dark scheme, and the chart brings its own background, so that the two never part.
 */

const WIDTH = 920;
const LEFT = 58;
const RIGHT = 300;
const TOP = 64;
const BOTTOM = 52;
const LABEL_HEIGHT = 17;

const STYLE = `
  svg { color-scheme: light dark }
  .page { fill: #ffffff; stroke: #d0d7de }
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #59636e }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .leader { stroke: #9aa4ae; stroke-width: 1; fill: none }
  .line { fill: none; stroke-width: 1.6; stroke-linejoin: round }
  .ours .line { stroke-width: 3.2 }
  .ours text { font-weight: 600 }
  .limit .line { stroke-dasharray: 6 4 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .grid { stroke: #262c36 }
    .leader { stroke: #656c76 }
  }
`;

/**
 * @param {{ title: string, subtitle: string, xTitle: string, height: number, xs: { value: number, name: string }[],
 *   series: { name: string, kind: 'ours' | 'peer' | 'limit', colour: [light: string, dark: string], points: { x: number, y: number }[] }[] }} chart
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
    `<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    text(LEFT - 40, 28, title, 'title'),
    text(LEFT - 40, 48, subtitle, 'quiet'),
    ...yTicks(Math.min(...values), Math.max(...values)).flatMap((y) => [
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT + 6}" y1="${px(yScale(y))}" y2="${px(yScale(y))}"/>`,
      text(LEFT - 8, yScale(y) + 4, String(y), 'quiet', 'end'),
    ]),
    ...xs.map(({ value, name }) => text(xScale(value), height - BOTTOM + 22, name, 'quiet', 'middle')),
    text((LEFT + WIDTH - RIGHT) / 2, height - 12, xTitle, 'quiet', 'middle'),
    // Ours are drawn last, on top.
    ...series
      .map((one, i) => ({ kind: one.kind, svg: drawSeries(one, i, xScale, yScale, labels[i]) }))
      .sort((a, b) => Number(a.kind === 'ours') - Number(b.kind === 'ours'))
      .map(({ svg }) => svg),
  ];
  const colours = series.map(
    ({ colour: [light] }, i) => `  .s${i} { stroke: ${light} } .f${i} { fill: ${light} }`,
  );
  const dark = series.map(
    ({ colour: [, other] }, i) => `    .s${i} { stroke: ${other} } .f${i} { fill: ${other} }`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}${colours.join('\n')}\n  @media (prefers-color-scheme: dark) {\n${dark.join('\n')}\n  }\n</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
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

/** 1, 2, 5 and their tens; only the tens where the scale is long. */
function yTicks(least, most) {
  const steps = most / least > 200 ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++) {
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(1)));
  }
  return ticks.filter((tick) => tick >= least / 1.15 && tick <= most * 1.15);
}

/** Moves label heights apart until none overlaps another, in the order of their lines. */
function spread(heights, top, bottom) {
  const order = heights.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  for (let k = 1; k < order.length; k++) order[k].y = Math.max(order[k].y, order[k - 1].y + LABEL_HEIGHT);
  let limit = bottom;
  for (const label of order.reverse()) {
    label.y = Math.min(label.y, limit);
    limit = label.y - LABEL_HEIGHT;
  }
  // What was pushed above the top comes down again, as far as there is room.
  limit = top;
  for (const label of order.reverse()) {
    label.y = Math.max(label.y, limit);
    limit = label.y + LABEL_HEIGHT;
  }
  const moved = [];
  for (const { y, i } of order) moved[i] = y;
  return moved;
}

function text(x, y, content, className, anchor) {
  const attributes = `${className ? ` class="${className}"` : ''}${anchor ? ` text-anchor="${anchor}"` : ''}`;
  return `<text x="${px(x)}" y="${px(y)}"${attributes}>${escaped(content)}</text>`;
}

function px(value) {
  return Number(value.toFixed(1));
}

function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
