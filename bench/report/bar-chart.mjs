/**
 * A bar chart as SVG: the same contestants under several conditions, one panel with its own scale per
 * condition, with values at the ends of the bars.
 */

import { threeDigits } from '../statistics.mjs';
import { page, px, text, WIDTH } from './svg.mjs';

const NAMES = 210;
const TOP = 92;
const ROW = 26;
const BAR = 15;
/** Width reserved for the value after a bar. */
const VALUE = 52;
const BETWEEN = 16;

const STYLE = `
  .bar { fill-opacity: 0.55 }
  .ours .bar { fill-opacity: 1 }
`;

/**
 * @param {{ title: string, subtitle: string, panels: string[],
 *   rows: { name: string, kind: 'ours' | 'peer', colour: [light: string, dark: string],
 *     values: (number | undefined)[] }[] }} chart
 */
export function barChart({ title, subtitle, panels, rows }) {
  const height = TOP + rows.length * ROW + 18;
  const width = (WIDTH - NAMES - 18) / panels.length - BETWEEN;
  const max = panels.map((_, panel) => Math.max(...rows.map(({ values }) => values[panel] ?? 0)));
  const left = (panel) => NAMES + panel * (width + BETWEEN);
  const parts = [
    ...panels.map((name, panel) => text(left(panel), TOP - 16, name, 'quiet')),
    ...rows.map(({ name, kind, values }, i) => {
      const middle = TOP + (i + 0.5) * ROW;
      const bars = values.map((value, panel) => {
        if (value === undefined) return text(left(panel), middle + 4.5, 'not measured', 'quiet');
        const length = ((width - VALUE) * value) / max[panel];
        return [
          `<rect class="bar f${i}" x="${px(left(panel))}" y="${px(middle - BAR / 2)}" width="${px(length)}" height="${BAR}" rx="2"/>`,
          text(left(panel) + length + 6, middle + 4.5, threeDigits(value)),
        ].join('\n');
      });
      return [`<g class="${kind}">`, text(NAMES - 10, middle + 4.5, name, '', 'end'), ...bars, '</g>'].join(
        '\n',
      );
    }),
  ];
  return page({ title, subtitle, height, colours: rows.map(({ colour }) => colour), style: STYLE, parts });
}
