/** Shared parts of the charts. Colors follow the reader's light or dark color scheme. */

export const WIDTH = 920;

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
 * Builds a chart with its own background, so that text and background always match. `colours` are
 * pairs of colors for the light and dark schemes; `style` is additional CSS.
 */
export function page({ title, subtitle, height, colours, style = '', parts }) {
  const rules = (scheme, indent) =>
    colours
      .map((pair, i) => `${indent}.s${i} { stroke: ${pair[scheme]} } .f${i} { fill: ${pair[scheme]} }`)
      .join('\n');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}${style}${rules(0, '  ')}\n  @media (prefers-color-scheme: dark) {\n${rules(1, '    ')}\n  }\n</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    text(18, 28, title, 'title'),
    text(18, 48, subtitle, 'quiet'),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

export function text(x, y, content, className, anchor) {
  const attributes = `${className ? ` class="${className}"` : ''}${anchor ? ` text-anchor="${anchor}"` : ''}`;
  return `<text x="${px(x)}" y="${px(y)}"${attributes}>${escaped(content)}</text>`;
}

export function px(value) {
  return Number(value.toFixed(1));
}

function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
