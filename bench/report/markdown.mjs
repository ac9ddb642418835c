/** RESULTS.md, and the targets for the terminal, from the figures of one run. */

import { KERNEL_SIZES, RECORD_SIZES } from '../corpus.mjs';
import { sizeName, threeDigits } from '../statistics.mjs';
import { targets } from '../targets.mjs';

/** @param {{ machine: object, settings: object, figures: import('../results.mjs').Figure[] }} results */
export function resultsAsMarkdown(results) {
  const { figures } = results;
  const of = (group) => figures.filter((figure) => figure.group === group);
  return `${[
    '# Results',
    'Written by `npm run bench`; not by hand. Machines differ by a factor of two: only ratios of one run mean anything.',
    aboutRun(results),
    ...section('Targets', targetTables(results)),
    ...section(
      'CRC32C kernels',
      [
        'GB/s by size of the input, including the call from JavaScript; one core. A GB is 10^9 bytes.',
        image('kernel', 'CRC32C kernels: GB/s by size of the input'),
        sizeTable(of('kernel'), KERNEL_SIZES),
      ],
      of('kernel'),
    ),
    ...section(
      'Reading',
      [
        'GB/s of file bytes (framing included) by record size; uncompressed files in the page cache.',
        image('reading', 'Reading: GB/s by record size'),
        sizeTable(of('read'), RECORD_SIZES),
        '`rust BytesIter unchecked` and `vahidk` verify no checksum; `dd` and `cat` know no records. ' +
          'Readers that would take minutes stop after some records (results.json says how many).',
      ],
      of('read'),
    ),
    ...section(
      'Two files at once',
      ['GB/s of file bytes, over two files four times as large.', sizeTable(of('several'), RECORD_SIZES)],
      of('several'),
    ),
    ...section(
      'Writing',
      [
        'GB/s of file bytes by record size, into the page cache; each pass writes a new file.',
        image('writing', 'Writing: GB/s by record size'),
        sizeTable(of('write'), RECORD_SIZES),
        '`vahidk` writes Examples only: each record goes in as the bytes feature of one.',
      ],
      of('write'),
    ),
    ...section(
      'Memory',
      ['The most memory each process ever had in RAM.', plainTable(of('memory'))],
      of('memory'),
    ),
    ...section(
      'Whole processes',
      ['From outside: starting, working, ending.', plainTable(of('process'))],
      of('process'),
    ),
  ].join('\n\n')}\n`;
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

function section(title, parts, figures) {
  return figures?.length === 0 ? [] : [`## ${title}`, ...parts];
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
    `${value(other)} ${label(other)}`,
    ratio.toPrecision(3),
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
  const name = who === 'limit' || who === 'node' ? what : `${who} ${what}`;
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
