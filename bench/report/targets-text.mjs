/** Formats the project's targets and the figures of one run as text, one row per line. */

import { threeDigits } from '../statistics.mjs';
import { targets } from '../targets.mjs';
import { label } from './labels.mjs';

export function targetsAsText(results) {
  const all = targets(results);
  const rows = all.flatMap((target) => target.rows);
  const count = (reached) => rows.filter((row) => row.reached === reached).length;
  return [
    ...all.map(({ title, note, rows: some }) =>
      [
        title.replaceAll('`', ''),
        ...(note ? [`  (${note})`] : []),
        ...some.map((row) => `  ${cells(row).join('  ')}`),
      ].join('\n'),
    ),
    `${count(true)} targets reached, ${count(false)} not reached, ${count(undefined)} open (figure missing)`,
  ].join('\n');
}

function cells({ at, ours, other, ratio, wanted, atMost, reached, open }) {
  const limit = `${atMost ? '<=' : '>='} ${wanted}`;
  if (open !== undefined) return [at, figureOf(ours), figureOf(other), limit, open];
  return [
    at,
    figureOf(ours),
    other ? `${figureOf(other)} ${label(other)}` : '',
    // If there is no other figure, the ratio repeats the figure itself.
    other ? ratio.toPrecision(3) : '',
    limit,
    reached ? 'reached' : 'NOT REACHED',
  ];
}

function figureOf(figure) {
  return figure?.median === undefined ? '' : threeDigits(figure.median);
}
