/** RESULTS.md, and the targets for the terminal, from the figures of one run. */

import { sizeName, threeDigits } from '../statistics.mjs';
import { targets } from '../targets.mjs';
import { SECTIONS } from './sections.mjs';

/** @param {{ machine: object, settings: object, figures: import('../results.mjs').Figure[] }} results */
export function resultsAsMarkdown(results) {
  return `${[
    '# Results',
    'Written by `npm run bench`; not by hand. Machines differ by a factor of two: only ratios of one run mean anything.',
    aboutRun(results),
    ...section('Targets', targetTables(results)),
    ...SECTIONS.flatMap((one) => measuredSection(one, results.figures)),
  ].join('\n\n')}\n`;
}

function measuredSection({ title, figures: kind, about, chart, sizes, after }, figures) {
  const here = figures.filter((figure) =>
    Object.entries(kind).every(([name, value]) => figure[name] === value),
  );
  const parts = [
    about,
    ...(chart ? [image(chart, `${title}: GB/s${sizes ? ' by size' : ''}`)] : []),
    sizes ? sizeTable(here, sizes) : plainTable(here),
    ...(after ? [after] : []),
  ];
  return here.length === 0 ? [] : section(title, parts);
}

/** The targets, one line each. */
export function targetsAsText(results) {
  return targets(results)
    .map(({ title, rows }) =>
      [title.replaceAll('`', ''), ...rows.map((row) => `  ${cells(row).join('  ')}`)].join('\n'),
    )
    .join('\n');
}

function aboutRun({ machine, settings }) {
  const { cpu, cores, memoryGiB, instructions, os, load, node, date, commit } = machine;
  const { rounds, fileBytes, full, pinnedTo } = settings;
  return [
    `- ${cpu}, ${cores} cores, ${memoryGiB} GiB; ${instructions.join(' ')}`,
    `- ${os}; Node ${node}; load average ${load} when the run began`,
    `- ${date}; commit ${commit}`,
    `- median of ${rounds} interleaved rounds; files of ${sizeName(fileBytes)}; memory on ${full ? '10 GiB' : '256 MiB'} files`,
    `- "one core": kept on processor ${pinnedTo}`,
  ].join('\n');
}

function section(title, parts) {
  return [`## ${title}`, ...parts];
}

function image(name, alt) {
  return `![${alt}](charts/${name}.svg)`;
}

function targetTables(results) {
  const all = targets(results);
  const rows = all.flatMap((target) => target.rows);
  const count = (reached) => rows.filter((row) => row.reached === reached).length;
  const summary = `${count(true)} reached, ${count(false)} not reached, ${count(undefined)} open (a figure is missing).`;
  return [
    summary,
    'Kept on one core, as the peers are, where a row says so; else Node may use a second one.',
    ...all.flatMap(({ title, note, rows: some }) => [
      `### ${title}`,
      ...(note ? [note] : []),
      table(['', 'recordpipe', 'other', 'ratio', 'wanted', ''], some.map(cells)),
    ]),
  ];
}

function cells({ at, ours, other, ratio, wanted, most, reached, open }) {
  const limit = `${most ? '<=' : '>='} ${wanted}`;
  if (open !== undefined) return [at, figureOnly(ours), figureOnly(other), '', limit, open];
  return [
    at,
    value(ours),
    other ? `${value(other)} ${label(other)}` : '',
    // Without an other it is the figure itself.
    other ? ratio.toPrecision(3) : '',
    limit,
    reached ? 'reached' : '**not reached**',
  ];
}

/** A row per contestant, a column per size. */
function sizeTable(figures, sizes) {
  const present = sizes.filter((size) => figures.some((figure) => figure.size === size));
  const lines = new Map();
  for (const figure of figures) {
    const name = label(figure);
    if (!lines.has(name)) lines.set(name, new Map());
    lines.get(name).set(figure.size, figure);
  }
  const rows = [...lines].map(([name, bySize]) => {
    const reasons = new Set([...bySize.values()].map(whyNot).filter(Boolean));
    const whole = reasons.size === 1 && [...bySize.values()].every(whyNot);
    if (whole) return [name, [...reasons][0], ...present.slice(1).map(() => '')];
    return [name, ...present.map((size) => value(bySize.get(size)))];
  });
  return table(['', ...present.map(sizeName)], rows);
}

function plainTable(figures) {
  return table(
    ['', 'median', 'from', 'to'],
    figures.map((figure) => [
      label(figure),
      figure.median === undefined ? whyNot(figure) : `${threeDigits(figure.median)} ${figure.unit}`,
      figure.rounds ? threeDigits(Math.min(...figure.rounds)) : '',
      figure.rounds ? threeDigits(Math.max(...figure.rounds)) : '',
    ]),
  );
}

function label({ group, who, what, cores }) {
  const name = ['limit', 'node', 'readline', 'curl'].includes(who) ? what : `${who} ${what}`;
  const shown = group === 'kernel' ? name.replace(/ crc32c$/, '').replace(' crc32c ', ', ') : name;
  return cores === 'one' && group !== 'kernel' ? `${shown}, one core` : shown;
}

function figureOnly(figure) {
  return figure?.median === undefined ? '' : threeDigits(figure.median);
}

function value(figure) {
  if (figure === undefined) return '';
  return figure.median === undefined ? whyNot(figure) : threeDigits(figure.median);
}

function whyNot({ skipped, failed }) {
  if (failed !== undefined) return `failed: ${failed}`;
  return skipped === undefined ? undefined : `skipped: ${skipped}`;
}

function table(head, rows) {
  const line = (columns) => `| ${columns.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(head),
    `| ${head.map((_, i) => (i === 0 ? '---' : '--:')).join(' | ')} |`,
    ...rows.map(line),
  ].join('\n');
}
